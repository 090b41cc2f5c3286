"""Admin of users and groups: permissions in words; users with recorded actions can be deactivated, but not deleted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, Model, OuterRef, Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from matching.models import AuditEntry, Decision, OrderRoom, RoomAlias
from pipeline.models import AccessEntry, JobRun, SignIn
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


@admin.register(User)
class PersonAdmin(TolerantAdmin, _InWords, _UserAdmin):
    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Users with recorded actions are protected, with one sentence instead of a list of all records."""
        people = User.objects.filter(pk__in=[person.pk for person in objs])
        known = people.filter(_has_records()).order_by("username")
        sentences = [_sentence(person) for person in known]
        if sentences:
            return [], {}, set(), sentences
        return super().get_deleted_objects(people, request)


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
