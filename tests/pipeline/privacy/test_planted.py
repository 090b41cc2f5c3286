"""One invented guest in every column that can hold text: found, erased, and not found again anywhere."""

from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from pipeline.data_subjects import Sought, find
from pipeline.models import Erasure
from snapshots.models import HeadRow
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import SmallHotel
from tests.pipeline.privacy import planted

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hotel(hotel_db: psycopg.Connection) -> SmallHotel:
    return SmallHotel(hotel_db)


def her_mornings(hotel: SmallHotel) -> int:
    """She is in the house with a document, has a second row without a profile, and four orders name her, each its own
    way; returns the id of her row."""
    hotel.stay("Bruno Farias", "415")
    stay = hotel.stay("XAVANTINO/WANDERLEIA QUARESMEIRA MRS", "203", doc=planted.CPF)
    guest = hotel.database.execute("select hospede_id from listagem_hospedes where id = %s", [stay]).fetchone()
    assert guest is not None
    hotel.change("hospedes", guest[0], nome=planted.NAME, telefone=planted.PHONE, email=planted.EMAIL)
    second = hotel.stay("Vanderleia Xavantino", "310")
    hotel.change("listagem_hospedes", second, hospede_id=None)
    hotel.order("torneira", hospede_texto="Wanderleia Xavantino", uh_texto="203")
    hotel.order("ligar para 97766-5544", uh_texto="999")
    hotel.order("sra Vanderleia Quaresmera pediu toalhas", uh_texto="999")
    hotel.order("Wanderléia pede berço", uh_texto="203")
    assert run("pipeline_diario", planted.TODAY).state == "succeeded"
    hotel.next_morning()
    hotel.change("listagem_hospedes", stay, uh="207")
    return stay


def test_a_guest_planted_everywhere_is_nowhere_after_the_erasure(hotel: SmallHotel) -> None:
    stay = her_mornings(hotel)
    assert run("pipeline_diario", planted.TODAY).state == "succeeded"
    planted.one_row_of_each()
    kept = planted.plant()
    assert {f"{model._meta.label}.{field.name}" for model, field in planted.planted_columns()} == set(kept)
    before = planted.dump()
    assert all(planted.traces_in(before[m._meta.db_table]) for m, _f in planted.planted_columns())
    # The CPF is searched for by its code; names and contacts come from her rows.
    found = find(Sought.typed(row=stay, cpf=planted.CPF))
    assert found.doubts
    answers = [trace.id for trace in found.doubts]
    out = StringIO()
    while True:
        again = find(Sought.typed(row=stay, cpf=planted.CPF), dict.fromkeys(answers, True))
        if not again.doubts:
            break
        answers += [trace.id for trace in again.doubts]
    call_command(
        "erase_guest",
        stay,
        "--cpf",
        planted.CPF,
        "--by",
        "vera",
        "--reason",
        f"pedido de {planted.NAME}",
        "--yes",
        *answers,
        stdout=out,
    )
    assert "Busy" not in out.getvalue()
    left = {table: hits for table, text in planted.dump().items() if (hits := planted.traces_in(text))}
    assert left == {}
    assert planted.traces_in(out.getvalue()) == []
    files = planted.data_files()
    assert files["matching_order"]
    assert files["snapshots_snapshot"]
    in_files = {name: f for name, body in files.items() if (f := planted.traces_in(body.decode("latin-1")))}
    assert in_files == {}
    # Her second row, without a profile, is erased as well; Bruno stays in the listing.
    assert set(HeadRow.objects.filter(source__name="listagem_hospedes").values_list("payload__nome_listagem")) == {
        ("Bruno Farias",)
    }
    assert Erasure.objects.filter(by="vera").get().counts["rows"] >= 2
