"""`python -m pipeline.intake`: what goes to stdout and stderr, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.intake.__main__ import main
from tests.pipeline.intake.comparing import differences
from tests.pipeline.intake.files import SAMPLES, expected

DAY = ["--date", "2026-03-12"]


def _sample(name: str) -> str:
    return str(SAMPLES / name)


def test_flat_lines_on_stdout_and_the_rest_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    name = "03_front_desk_na_casa_cp1252.csv"
    assert main([_sample(name), *DAY, "--kind", "stays", "--json"]) == 0
    out, err = capsys.readouterr()
    assert differences([json.loads(line) for line in out.splitlines()], expected(name)) == []
    assert "linha 39 pulada: total ou subtotal" in err
    assert "linha 40 pulada: fim do relatório" in err
    assert "codificação: cp1252" in err


def test_without_json_only_a_count_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([_sample("05_cloudbeds_reservations.csv"), *DAY]) == 0
    assert capsys.readouterr().out == "17 linhas de hóspedes\n"


def test_a_question_is_exit_4_and_the_last_line_of_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    command = [_sample("41_ambigua.csv"), *DAY, "--kind", "stays", "--json"]
    assert main(command) == 4
    out, err = capsys.readouterr()
    question = json.loads(err.splitlines()[-1])
    assert out == ""
    assert set(question) == {"question", "options", "sentence"}
    assert main([*command, "--answer", f"{question['question']}={question['options'][0]}"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_refusal_is_exit_1_and_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    photo = tmp_path / "lista.csv"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + bytes(500))
    assert main([str(photo), *DAY, "--kind", "stays", "--json"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "foto ou imagem" in err


def test_a_file_of_300_megabytes_is_refused_without_being_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "lista.csv"
    with large.open("wb") as file:
        file.truncate(300_000_000)

    def read_bytes(path: Path) -> bytes:
        pytest.fail(f"{path} was read")

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert main([str(large), *DAY]) == 1
    assert "300 MB e o limite é 60 MB" in capsys.readouterr().err


def test_a_list_without_lines_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    only_header = tmp_path / "lista.csv"
    only_header.write_text("UH;Hóspede;Chegada;Saída\n", encoding="utf-8")
    assert main([str(only_header), *DAY, "--kind", "stays", "--json"]) == 1
    assert "nenhuma linha de hóspedes" in capsys.readouterr().err.splitlines()[-1]


def test_a_missing_file_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([str(tmp_path / "nada.csv"), *DAY]) == 1
    assert "não abre" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["x.csv", "--answer", "alone"], ["x.csv", "--kind", "rooms"], []])
def test_a_wrong_call_is_exit_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2


def test_the_command_runs_without_django_or_a_client() -> None:
    script = (
        "import sys; from pipeline.intake.__main__ import main; "
        f"code = main([{_sample('31_na_casa_por_uh.xlsx')!r}, '--date', '2026-03-12', '--json']); "
        "found = sorted({'django', 'httpx', 'aiohttp', 'django_q'} & set(sys.modules)); "
        "sys.exit(str(found or code or 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "0"
