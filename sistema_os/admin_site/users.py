"""Admin of users: those with recorded actions can be deactivated, but not deleted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Exists, Model, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from matching.models import AuditEntry, Decision
from pipeline.models import AccessEntry, JobRun, SignIn
from snapshots.models import Snapshot

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin

# Records of a user's actions. A deletion would cascade to Django's own log and clear the user of the last two.
RECORDS: tuple[tuple[type[Model], str], ...] = (
    (LogEntry, "user"),
    (Decision, "user"),
    (AuditEntry, "user"),
    (JobRun, "user"),
    (Snapshot, "override_by"),
    (AccessEntry, "user"),
    (SignIn, "user"),
)

# Every app has registered its models by now.
admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(_UserAdmin):
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
