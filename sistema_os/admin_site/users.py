"""Admin of users and groups: permissions in words; users with recorded actions can be deactivated, but not deleted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from matching.models import AuditEntry, Decision, OrderRoom, RoomAlias
from pipeline.models import AccessEntry, DataRequest, JobRun, SignIn
from sistema_os.access import second_factor
from sistema_os.admin_base import TolerantAdmin
from snapshots.models import Snapshot

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
    _ModelAdmin = admin.ModelAdmin[Any]
    _Choices = forms.ModelMultipleChoiceField[Permission]
else:
    _UserAdmin = UserAdmin
    _ModelAdmin = admin.ModelAdmin
    _Choices = forms.ModelMultipleChoiceField

# Records of a user's actions. A deletion would cascade to Django's own log and clear the user of the last two.
RECORDS: tuple[tuple[type[Model], str], ...] = (
    (LogEntry, "user"),
    (Decision, "user"),
    (AuditEntry, "user"),
    (JobRun, "user"),
    (RoomAlias, "user"),
    (OrderRoom, "user"),
    (Snapshot, "override_by"),
    (AccessEntry, "user"),
    (SignIn, "user"),
    (DataRequest, "opened_by"),
)

# Of the permissions that are not Django's add, change, delete and view.
PERMISSIONS: Final[dict[str, Promise]] = {
    "matching.decide_suggestion": _lazy("accept, reject and undo own decisions"),
    "matching.bulk_decide": _lazy("decide many suggestions at once"),
    "matching.undo_others": _lazy("undo decisions of others"),
    "matching.settle_alert": _lazy("settle alerts"),
    "matching.promote_model": _lazy("put a matching model into use"),
    "matching.edit_rooms": _lazy("edit the room directory"),
    "snapshots.publish_held": _lazy("publish or reject a held snapshot"),
    "snapshots.view_hidden": _lazy("see the names of minors and of guests incognito"),
    "pipeline.run_job": _lazy("start and resume jobs"),
    "pipeline.cancel_jobrun": _lazy("cancel runs"),
    "pipeline.import_files": _lazy("import guest lists and orders from files"),
    "pipeline.import_held": _lazy("import a list that was held"),
    "pipeline.handle_data_requests": _lazy("handle requests of data subjects"),
}
_ACTIONS: Final[dict[str, Promise]] = {
    "add": _lazy("add: %(model)s"),
    "change": _lazy("change: %(model)s"),
    "delete": _lazy("delete: %(model)s"),
    "view": _lazy("see: %(model)s"),
}


def permission_words(permission: Permission) -> str:
    """The permission as a person says it; Django stores one English sentence for every language."""
    kind = permission.content_type
    known = PERMISSIONS.get(f"{kind.app_label}.{permission.codename}")
    model = kind.model_class()
    action = _ACTIONS.get(permission.codename.partition("_")[0])
    if known is None and action is not None and model is not None:
        words = str(action) % {"model": model._meta.verbose_name_plural}
    else:
        words = str(known or permission.name)
    return f"{kind.app_labeled_name.partition(' | ')[0]} · {words}"


class _PermissionsField(_Choices):
    def label_from_instance(self, obj: Any) -> str:
        return permission_words(obj)


class _InWords(_ModelAdmin):
    """A form that names permissions in the language of the page."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Permission:
            kwargs |= {"form_class": _PermissionsField}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


# Every app has registered its models by now.
admin.site.unregister((User, Group))


@admin.register(Group)
class RoleAdmin(TolerantAdmin, _InWords, GroupAdmin):
    pass


def _may_administer(editor: Any, person: User) -> bool:
    """Whether the editor has every right of the person: otherwise resetting the password would give more rights."""
    if editor.is_superuser:
        return True
    return not person.is_superuser and person.get_all_permissions() <= editor.get_all_permissions()


def _groups_below(editor: Any) -> QuerySet[Group]:
    """The groups that the editor may give: those without a permission that the editor lacks."""
    if editor.is_superuser:
        return Group.objects.all()
    own = editor.get_all_permissions()
    allowed = [
        group.pk
        for group in Group.objects.prefetch_related("permissions__content_type")
        if {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()} <= own
    ]
    return Group.objects.filter(pk__in=allowed)


@admin.register(User)
class PersonAdmin(TolerantAdmin, _InWords, _UserAdmin):
    """People. Editors who are not administrators add people, give groups within their own rights, deactivate, and reset
    passwords and second factors, but not of anybody with more rights than theirs."""

    actions = ["reset_second_factor"]
    # Without `is_superuser` and `user_permissions`: only groups give rights, and only an administrator makes another.
    _FIELDS: Final = (
        (None, {"fields": ("username", "password")}),
        (_lazy("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_lazy("Permissions"), {"fields": ("is_active", "groups")}),
        (_lazy("Important dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if _is_administrator(request) or obj is None:
            return super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return self._FIELDS
        # The password field links to a page that this editor may not open.
        return ((None, {"fields": ("username",)}), *self._FIELDS[1:])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_administrator(request) else (*fixed, "last_login", "date_joined")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _may_administer(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_administrator(request) and super().has_delete_permission(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field is not None and request is not None:
            field.queryset = _groups_below(request.user)
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """People whom Supervisão adds may sign in to this site; there is no other."""
        if not change and not _is_administrator(request):
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    @admin.action(description=_lazy("Reset the second factor"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> None:
        done = 0
        for person in people:
            if not _may_administer(request.user, person):
                messages.error(request, _("%(person)s has more rights than you.") % {"person": person.get_username()})
                continue
            second_factor.reset(person)
            self.log_change(request, person, _("Second factor reset."))
            done += 1
        if done:
            text = ngettext(
                "Second factor of %(count)d person reset. Where required, it is set up at the next sign-in.",
                "Second factor of %(count)d people reset. Where required, it is set up at the next sign-in.",
                done,
            )
            messages.success(request, text % {"count": done})

    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Users with recorded actions are protected, with one sentence instead of a list of all records."""
        people = User.objects.filter(pk__in=[person.pk for person in objs])
        known = people.filter(_has_records()).order_by("username")
        sentences = [_sentence(person) for person in known]
        if sentences:
            return [], {}, set(), sentences
        return super().get_deleted_objects(people, request)


def _is_administrator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _has_records() -> Q:
    found = Q()
    for model, person in RECORDS:
        found |= Q(Exists(model._default_manager.filter(**{person: OuterRef("pk")})))
    return found


def _sentence(person: User) -> str:
    words = _(
        "%(person)s stands in the history of what was done here. Do not delete: open the person and untick Active."
    )
    return words % {"person": person.get_username()}
