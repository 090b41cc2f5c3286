"""The stored room directory: rooms, the spellings that name them, and the spellings of orders that name none yet."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p


class RoomKind(TextChoices):
    ROOM = "room", _p("room kind", "room")
    BED = "bed", _p("room kind", "bed")
    MEETING = "meeting", _p("room kind", "meeting room")
    AREA = "area", _p("room kind", "area")


class AliasOrigin(TextChoices):
    TYPED = "typed", _p("alias", "typed by a person")
    LEARNED = "learned", _p("alias", "learned from decisions")


class Room(models.Model):
    """A room, bed, meeting room or area. `key` is the form in which listings are compared (`room_key`); `listed`: the
    guest list had it once. The guest list fills in what nobody typed; what a person edited stays."""

    key = models.TextField(unique=True)
    shown = models.TextField(_("code"))
    kind = models.CharField(_("kind"), max_length=10, choices=RoomKind.choices, default=RoomKind.ROOM)
    block = models.TextField(_("block"), blank=True)
    floor = models.SmallIntegerField(_("floor"), null=True)
    closed = models.BooleanField(_("closed"), default=False)
    listed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        default_permissions = ()
        permissions = [("edit_rooms", "Can edit the room directory")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RoomKind.values), name="room_kind_known"),
            models.CheckConstraint(condition=~Q(key=""), name="room_has_a_key"),
        ]

    def __str__(self) -> str:
        return self.shown


class RoomAlias(models.Model):
    """A spelling that names a room. `key` are its words (`spelling_words`), one room a spelling. A learned alias that a
    person removed keeps its row, so that it is never learned again."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="aliases")
    spelling = models.TextField()
    key = models.TextField(unique=True)
    origin = models.CharField(max_length=10, choices=AliasOrigin.choices, default=AliasOrigin.TYPED)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("spelling of a room")
        verbose_name_plural = _("spellings of rooms")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=AliasOrigin.values), name="room_alias_origin_known"),
            models.CheckConstraint(
                condition=~Q(origin="typed") | Q(user__isnull=False), name="typed_room_alias_has_a_person"
            ),
        ]

    def __str__(self) -> str:
        return self.spelling


class OrderRoom(models.Model):
    """A spelling that names a room in one order only."""

    order = models.ForeignKey("matching.Order", models.CASCADE, related_name="room_spellings")
    room = models.ForeignKey(Room, models.CASCADE, related_name="+")
    key = models.TextField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("room of an order")
        verbose_name_plural = _("rooms of orders")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="one_room_a_spelling_of_an_order")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.key}"


class UnreadSpelling(models.Model):
    """A room spelling of an order that the last analysis could not read."""

    order = models.ForeignKey("matching.Order", models.CASCADE, related_name="unread_spellings")
    spelling = models.TextField()
    key = models.TextField(db_index=True)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("unread spelling")
        verbose_name_plural = _("unread spellings")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="one_unread_spelling_an_order")]

    def __str__(self) -> str:
        return self.spelling


class ReanalysisRequest(models.Model):
    """An order that the next run matches again: it was analysed since from our copies only, or not at all."""

    order = models.OneToOneField("matching.Order", models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("order to analyse again")
        verbose_name_plural = _("orders to analyse again")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.order_id)


class DirectoryVersion(models.Model):
    """The directory as a run used it (`RoomDirectory.to_json`); a run names it by its `version`."""

    version = models.CharField(max_length=20, unique=True)
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("version of the room directory")
        verbose_name_plural = _("versions of the room directory")
        default_permissions = ()

    def __str__(self) -> str:
        return self.version
