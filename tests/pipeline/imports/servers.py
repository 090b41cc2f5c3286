"""Servers on this machine for the sources of files: a published sheet and a mailbox."""

import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

PASSWORD: Final = "s3nha"


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index]  # an address of TCP
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def published_sheet(content: bytes, redirect_to: str = "") -> Iterator[str]:
    """The address of a sheet with this content, or one that leads elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if redirect_to else 200)
            if redirect_to:
                self.send_header("Location", redirect_to)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Disposition", 'attachment; filename="na_casa.csv"')
            self.end_headers()
            self.wfile.write(b"" if redirect_to else content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to the terminal."""

    with _serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/d/e/pub?output=csv"


def message(sender: str, attachments: Sequence[tuple[str, bytes]], sent: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, "lista@hotel.example", "Relatório", sent
    mail.set_content("Segue a lista.")
    for name, data in attachments:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


@contextmanager
def mailbox(mails: Sequence[bytes]) -> Iterator[tuple[str, list[str]]]:
    """The address of a mailbox with these messages, and the commands that it received.

    It knows as much of IMAP as reading needs: login, select or examine, search for all, and fetch by number.
    """
    commands: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            while line := self.rfile.readline().decode():
                tag, _, command = line.strip().partition(" ")
                commands.append(command)
                for answer in _answers(command.split(), mails):
                    self.wfile.write(answer)
                self.wfile.write(f"{tag} OK done\r\n".encode())
                if command.startswith("LOGOUT"):
                    return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with _serving(Server(("127.0.0.1", 0), Handler)) as port:
        yield f"imap://lista:{PASSWORD}@127.0.0.1:{port}/INBOX", commands


def _answers(words: Sequence[str], mails: Sequence[bytes]) -> Iterator[bytes]:
    match [word.upper() for word in words]:
        case ["CAPABILITY", *_]:
            yield b"* CAPABILITY IMAP4rev1\r\n"
        case ["SELECT" | "EXAMINE", *_]:
            yield f"* {len(mails)} EXISTS\r\n".encode()
        case ["UID", "SEARCH", *_]:
            yield f"* SEARCH {' '.join(str(number) for number, _ in enumerate(mails, 1))}\r\n".encode()
        case ["UID", "FETCH", numbers, *_]:
            for number in map(int, numbers.split(",")):
                mail = mails[number - 1]
                yield f"* {number} FETCH (UID {number} FLAGS () BODY[] {{{len(mail)}}}\r\n".encode()
                yield mail + b")\r\n"
        case ["LOGOUT", *_]:
            yield b"* BYE\r\n"
