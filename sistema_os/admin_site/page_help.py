"""Help texts: what each page is for and what to do on it, shown folded on the page."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Help:
    """`what` the page is for, `do` what to do on it."""

    what: str | Promise
    do: str | Promise


_LIST: Final = "matching_matchsuggestion_"
PAGES: Final[dict[str, Help]] = {
    "index": Help(
        _("Whether today is all right, in one glance: what waits for you, how the runs ended, how old the data is."),
        _("Start with what is marked as held or late. Then review the departures of today."),
    ),
    f"{_LIST}review": Help(
        _("One suggestion at a time: is this guest the one that the order means?"),
        _("Accept, reject, or say that there is no guest. Unsure? Skip it. Every decision can be undone."),
    ),
    f"{_LIST}change": Help(
        _("One suggestion with its reasons, its alternatives and what was decided nearby."),
        _("Decide it here, or undo what was decided. What was not written at the hotel yet says “to confirm”."),
    ),
    f"{_LIST}changelist": Help(
        _("All suggestions: first the queue and what was decided today; the filters show the rest."),
        _("Use the buttons of a row, or mark rows and choose an action. Never search for a document."),
    ),
    f"{_LIST}bulk": Help(
        _("Many acceptances at once, for suggestions that are nearly always right."),
        _("Choose a probability. Nothing is decided before you have seen the next page."),
    ),
    f"{_LIST}bulk_plan": Help(
        _("What a batch would do, before it does it; and afterwards, what it did."),
        _("Read those nearest the limit first: the errors are there. One button undoes the whole batch."),
    ),
    f"{_LIST}history": Help(
        _("Everything that was decided on this suggestion, by whom and when."), _("Nothing here can be changed.")
    ),
    "matching_decision_changelist": Help(
        _("Every decision and every undo, one line each."), _("Search by order, guest, room or the person who decided.")
    ),
    "matching_alert_changelist": Help(
        _("What changed in the guest list after an order was linked, and what therefore needs a look."),
        _("Look at the order, do what is needed, then settle the alert. Open it to leave a note for the next shift."),
    ),
    "matching_alert_change": Help(
        _("One alert: what happened, to whom, which order it concerns."),
        _("Settle it when nothing is left to do. The note tells the next shift what was done."),
    ),
    "rooms": Help(
        _("Who is in a room now, who was there the day before, and what is still to be done there."),
        _("Type the number of the room. “Now” is as of the guest list named beside it."),
    ),
    "room_directory": Help(
        _("The ways in which the team writes each room, so that the suggestions find it."),
        _("Say what an unread spelling means; its orders are analysed again. Only the supervision changes it."),
    ),
    "guest": Help(
        _("Everything about one guest in this stay: rooms, companions, orders and decisions. The document is masked."),
        _("The orders open their cards. A guest who is not listed here is found by the search above."),
    ),
    "find": Help(
        _("Guests, rooms, orders and reservations that fit what was typed."),
        _("Type a name, a room, the number of an order or of a reservation. Never a document or a phone."),
    ),
    "import": Help(
        _("Brings the guest list and the service orders from files of the hotel's own systems."),
        _("Send one or two files. Nothing is written before you have seen the preview and confirmed it."),
    ),
    "import_check": Help(
        _("What was understood of the files, with the reason for each guess."),
        _("Answer what is open. Change a column if it became the wrong field."),
    ),
    "import_preview": Help(
        _("What confirming would do, line by line, and whether the list looks right."),
        _("Look at who leaves and who is missing, then confirm. A held list needs a reason."),
    ),
    "import_progress": Help(
        _("How far the import is, and what it did."), _("You may leave the page; the import goes on by itself.")
    ),
    "sources": Help(
        _("Where the guest list and the orders come from, whether they arrived today, and what is held."),
        _("Answer what waits first. A recipe keeps the answers for the next file with the same columns."),
    ),
    "handover": Help(_("What the next shift must know, on one sheet."), _("Choose the day and print it with Ctrl+P.")),
    "manager": Help(
        _("Whether the work gets done and whether the suggestions can be trusted. No figure is of one person."),
        _("Few decisions make wide intervals: do not conclude from a wide one."),
    ),
    "audit": Help(
        _("Who did what, when, and what it was before."),
        _("Narrow it by kind, person, day or order. A batch opens into its decisions."),
    ),
    "pipeline_jobrun_changelist": Help(
        _("Every run of every job: when, how long, and how it ended."),
        _("A red one says why in a sentence. Run again what failed, or resume it from where it stopped."),
    ),
    "pipeline_jobrun_change": Help(
        _("One run: its phases, its heartbeats, its log, and what it left behind."),
        _("While it runs, you may cancel it; what failed can be resumed. Each button says when it is off."),
    ),
    "pipeline_jobrun_start": Help(
        _("Starts a job now, whole or in steps, or as a dry run that writes nothing."),
        _("A job that is running already is not started twice: you are led to it."),
    ),
    "snapshots_snapshot_changelist": Help(
        _("Each listing that was collected, and what changed from one to the next."),
        _("One that is held waits for a person: open it, look at why, then publish or reject it."),
    ),
    "snapshots_snapshot_change": Help(
        _("What changed with this listing, row by row and field by field."),
        _("What was is struck out, what is new is marked. Filter by kind, room or name."),
    ),
    "snapshots_compare": Help(
        _("What differs between any two listings."), _("Choose both; the older one stands on the left.")
    ),
    "snapshots_listing": Help(_("The guest list as it stood with that listing."), _("Search by room or name.")),
    "snapshots_source_changelist": Help(
        _("How much a listing may differ from the last one before it is held for a person."),
        _("Open a source to change its limits. They count from the next collection on."),
    ),
    "snapshots_source_change": Help(
        _("The limits of one source. A share of 0.05 is 5% of the rows; the larger of number and share counts."),
        _("Change one thing at a time, and look at the next mornings. The history tells who changed what."),
    ),
    "matching_modelversion_changelist": Help(
        _("The models that score suggestions: the program's own, and what it learned from decisions here."),
        _("Open one to see how it did on past decisions, and to use it or go back to the one before."),
    ),
    "matching_modelversion_change": Help(
        _("One model: what it learned, and how well it agrees with the decisions of the team."),
        _("A change counts from the next run on. Nothing that was decided changes."),
    ),
    "snapshots_row": Help(
        _("The history of one row: every version and when it held."), _("Read it from the newest to the oldest.")
    ),
}


def help_for(request: HttpRequest) -> Help | None:
    """The help of the requested page, if it has one."""
    match = request.resolver_match
    return PAGES.get(match.url_name or "") if match is not None and match.app_name == "admin" else None
