"""A task of the queue that leaves a mark in the database each time that it is done."""

from django.db import connection


def mark(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into drill_marks (number) values (%s)", [number])
