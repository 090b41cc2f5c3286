"""The second factor: who needs one, what a user has set up, and the check of a code.

Apps give codes of six digits (TOTP); ten recovery codes replace a lost phone, each once. A code of an app is accepted
once, and wrong codes are counted like wrong passwords.
"""

import hashlib
import hmac
import secrets
import time
from binascii import unhexlify
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest
from django_otp import devices_for_user, user_has_device, verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from sistema_os.roles import SUPERVISES

RECOVERY_CODES: Final = 10
# Without letters and digits that look alike. 32 of them: five bits each, forty a code.
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 8
_STEPS_OF_TOLERANCE: Final = 1
# Set where the hotel's account system asked for a second factor.
TRUSTED: Final = "second_factor_of_hotel_account"


def is_required(user: "AbstractBaseUser | AnonymousUser") -> bool:
    """Whether the installation requires a second factor of the user."""
    if settings.SECOND_FACTOR == "off" or not isinstance(user, User):
        return False
    return settings.SECOND_FACTOR == "everyone" or any(map(user.has_perm, SUPERVISES))


def is_set_up(user: User) -> bool:
    return bool(user_has_device(user))


def is_satisfied(request: HttpRequest) -> bool:
    """Whether the session may show pages: a second factor was used, or none is required of its user."""
    if settings.SECOND_FACTOR == "off" or was_used(request):
        return True
    return bool(request.session.get(TRUSTED)) or not is_required(request.user)


def was_used(request: HttpRequest) -> bool:
    """Whether the user of the session signed in with a device of ours that still exists."""
    return getattr(request.user, "otp_device", None) is not None


def accepts_code(user: User, code: str) -> Any:
    """The device whose code it is, else None. An accepted code is spent."""
    digits = "".join(code.split())
    return _accepted(user, TOTPDevice, digits) if digits.isascii() and digits.isdigit() else None


def accepts_recovery_code(user: User, code: str) -> Any:
    """The list of recovery codes that had the code, else None. An accepted code is spent."""
    return _accepted(user, StaticDevice, _stored(code))


def _accepted(user: User, kind: Any, token: str) -> Any:
    for device in devices_for_user(user):
        if isinstance(device, kind) and verify_token(user, device.persistent_id, token) is not None:
            return device
    return None


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def new_key() -> str:
    """The secret of a new app, in hexadecimal."""
    return secrets.token_hex(20)


def unsaved_app(user: User, key: str) -> Any:
    """An app that is not set up yet; its `config_url` is what the QR code says."""
    return TOTPDevice(user=user, key=key, name="app", confirmed=True)


@transaction.atomic
def set_up_app(user: User, key: str, code: str) -> Any:
    """Replaces the user's app if the code is one of the key; returns the device, or None."""
    digits = "".join(code.split())
    clock = TOTP(unhexlify(key))
    clock.time = time.time()
    if not (digits.isascii() and digits.isdigit() and clock.verify(int(digits), _STEPS_OF_TOLERANCE)):
        return None
    TOTPDevice.objects.filter(user=user).delete()
    device = unsaved_app(user, key)
    # The code that proves the setup is spent as well.
    device.last_t = clock.t()
    device.save()
    return device


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Ten new codes, shown once; earlier ones are void. Stored as keyed hashes."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery", confirmed=True)
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_stored(code))
    half = _CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def reset(user: User) -> int:
    """Removes every device of the user, whose sessions lose their second factor; returns how many there were."""
    with transaction.atomic():
        devices = list(devices_for_user(user, confirmed=None))
        for device in devices:
            device.delete()
    return len(devices)


def _stored(code: str) -> str:
    """A keyed hash of the code, as long as the column of django-otp."""
    plain = "".join(filter(str.isalnum, code)).upper()
    return hmac.new(settings.HASH_KEY.encode(), f"recovery:{plain}".encode(), hashlib.sha256).hexdigest()[:16]
