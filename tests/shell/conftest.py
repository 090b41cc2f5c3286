from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sistema_os import roles


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A client signed in as the demo user of that name."""
    roles.setup_groups()
    roles.setup_demo_users()

    def as_user(username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username))
        return client

    return as_user
