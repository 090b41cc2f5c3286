"""The four roles of the hotel as groups of permissions, and the users of the demo."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

_SEE_GUESTS: Final = (
    "matching.view_matchsuggestion",
    "matching.view_decision",
    "matching.view_alert",
    "matching.view_modelversion",
    "snapshots.view_snapshot",
    "pipeline.view_jobrun",
)
_DECIDE: Final = ("matching.decide_suggestion", "matching.settle_alert")
_SUPERVISE: Final = (
    "matching.bulk_decide",
    "matching.undo_others",
    "matching.promote_model",
    "matching.edit_rooms",
    "snapshots.publish_held",
    "snapshots.change_source",
    "pipeline.run_job",
    "pipeline.cancel_jobrun",
    "pipeline.import_files",
    "pipeline.import_held",
    "pipeline.handle_data_requests",
    "auth.view_user",
    "auth.add_user",
    "auth.change_user",
)

# Permissions for which a second factor can be required: whoever has one decides for others, sees what is hidden or
# administers people.
SUPERVISES: Final = (
    "matching.bulk_decide",
    "matching.undo_others",
    "matching.promote_model",
    "snapshots.publish_held",
    "snapshots.view_hidden",
    "pipeline.import_held",
    "pipeline.handle_data_requests",
    "auth.add_user",
    "auth.change_user",
    "auth.change_group",
)

# Group names are data: they are Portuguese in every language of the screen.
ROLES: Final[dict[str, tuple[str, ...]]] = {
    "Consulta": _SEE_GUESTS,
    "Revisão": _SEE_GUESTS + _DECIDE,
    "Supervisão": _SEE_GUESTS + _DECIDE + _SUPERVISE,
    # Operates the jobs and sees no guests.
    "Operação": ("pipeline.view_jobrun", "pipeline.run_job", "pipeline.cancel_jobrun", "pipeline.import_files"),
}

DEMO_PASSWORD: Final = "hotel-0700"  # noqa: S105  public: setup_demo_users refuses to run outside of a local stack
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class DemoUser:
    username: str
    first_name: str
    role: str = ""
    superuser: bool = False


DEMO_USERS: Final = (
    DemoUser("ana", "Ana", "Revisão"),
    DemoUser("bruno", "Bruno", "Supervisão"),
    DemoUser("carla", "Carla", "Consulta"),
    DemoUser("davi", "Davi", "Operação"),
    DemoUser("admin", "Admin", superuser=True),
)


class UnknownPermission(LookupError):
    """A role has a permission that no migration has created."""


class NotALocalStack(RuntimeError):
    """Demo users have a public password, so they are only created where no other machine can log in."""


@transaction.atomic
def setup_groups() -> list[Group]:
    """Creates the groups or repairs their permissions. Idempotent."""
    return [_setup_group(name, labels) for name, labels in ROLES.items()]


def _setup_group(name: str, labels: Iterable[str]) -> Group:
    group, _created = Group.objects.get_or_create(name=name)
    group.permissions.set([_permission(label) for label in labels])
    return group


def _permission(label: str) -> Permission:
    app_label, codename = label.split(".")
    try:
        return Permission.objects.get(content_type__app_label=app_label, codename=codename)
    except Permission.DoesNotExist:
        raise UnknownPermission(f"Permission {label} does not exist; run `manage.py migrate` first.") from None


@transaction.atomic
def setup_demo_users() -> tuple[DemoUser, ...]:
    """A user for each role and an administrator, all with DEMO_PASSWORD. The groups must exist."""
    if settings.HTTPS or not set(settings.ALLOWED_HOSTS) <= LOOPBACK | {"testserver"}:
        raise NotALocalStack(
            "Demo users are only created on a local stack: HTTPS must be off and ALLOWED_HOSTS name this machine only."
        )
    for person in DEMO_USERS:
        _setup_demo_user(person)
    return DEMO_USERS


def _setup_demo_user(person: DemoUser) -> None:
    user, _created = User.objects.get_or_create(username=person.username, defaults={"first_name": person.first_name})
    user.is_staff = True
    user.is_superuser = person.superuser
    user.is_active = True
    if not user.check_password(DEMO_PASSWORD):  # setting it again would close open sessions
        user.set_password(DEMO_PASSWORD)
    user.save()
    user.groups.set(Group.objects.filter(name=person.role))
