"""One spelling of a name."""

import pytest

from sistema_os.person_names import display_name


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("FIGUEIREDO, THIAGO HENRIQUE", "Thiago Henrique Figueiredo"),
        ("SILVA/JOSE CARLOS MR", "Jose Carlos Silva"),
        ("SILVA/JOAOMR", "Joao Silva"),
        ("  thiago   henrique de souza ", "Thiago Henrique de Souza"),
        ("JOÃO DA SILVA FILHO", "João da Silva Filho"),
        ("SILVA, FILHO", "Silva Filho"),
        ("Ana McDonald", "Ana McDonald"),
        ("D'AVILA, MARIA", "Maria D'Avila"),
        ("SANT'ANNA/ANA-MARIA MRS", "Ana-Maria Sant'Anna"),
        ("PEDRO II", "Pedro II"),
        ("ACOMPANHANTE 1", "Acompanhante 1"),
        ("Thiago FIGUEIREDO", "Thiago Figueiredo"),
        ("De Paula, Ana", "Ana de Paula"),
        ("", ""),
        (", /", ""),
        ("李 小龙", "李 小龙"),
    ],
)
def test_a_name_is_shown_as_a_person_writes_it(written: str, shown: str) -> None:
    assert display_name(written) == shown
    assert display_name(shown) == shown
