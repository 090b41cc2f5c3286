"""Sign-in with the hotel's own accounts (OpenID Connect: Entra, Google, Keycloak).

Authorization code flow with PKCE; Authlib checks state, nonce, signature, issuer, audience and expiry. One claim
decides the roles, at every sign-in. An account belongs to a user of ours by issuer and subject, never by its name
alone, and no claim makes an administrator.
"""

import logging
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache

from pipeline.models import HotelAccount, SignIn
from sistema_os.access import steps
from sistema_os.access.sign_in import Attempt
from sistema_os.roles import ROLES

log = logging.getLogger(__name__)
_NEXT: Final = "hotel_account_next"
# Seconds for each of the three requests to the provider.
_PATIENCE: Final = 8
# Value of OIDC_ROLES for accounts without any other role.
ANY_VALUE: Final = "*"
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class AccountRefused(Exception):
    """The provider knows the account, but it may not sign in here; the message says why, for the person."""


def is_on() -> bool:
    return bool(settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID)


@lru_cache(maxsize=4)
def _client(issuer: str, client_id: str, secret: str) -> Any:
    # Imported here: the library takes a quarter of a second, and most installations do without.
    from authlib.integrations.django_client import OAuth

    return OAuth().register(
        "hotel",
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "default_timeout": _PATIENCE,
        },
    )


def _configured() -> Any:
    if not is_on():
        raise Http404
    return _client(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider."""
    client = _configured()
    following = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure())
    request.session[_NEXT] = following if safe else reverse("admin:index")
    back = f"{settings.PUBLIC_URL}{reverse('admin:hotel_account_back')}" if settings.PUBLIC_URL else ""
    try:
        answer: HttpResponse = client.authorize_redirect(
            request, back or request.build_absolute_uri(reverse("admin:hotel_account_back"))
        )
    except _provider_errors():
        log.exception("the provider of hotel accounts did not answer")
        return _back_to_form(request, _NO_ANSWER)
    return answer


@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """The provider has sent the browser back."""
    client = _configured()
    following = request.session.pop(_NEXT, reverse("admin:index"))
    try:
        issuer = client.load_server_metadata()["issuer"]
        if issuer.rstrip("/") != settings.OIDC_ISSUER:
            raise ValueError("the provider calls itself by another name than OIDC_ISSUER")
        expected = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
        }
        claims = client.authorize_access_token(request, claims_options=expected).get("userinfo") or {}
    except _provider_errors():
        log.exception("a sign-in with the hotel account failed")
        return _back_to_form(request, _NO_ANSWER)
    subject = f"{settings.OIDC_ISSUER} {claims.get('sub', '')}"
    try:
        user = user_of(claims)
    except AccountRefused as error:
        Attempt(subject, request).record(SignIn.Result.REFUSED)
        return _back_to_form(request, str(error))
    return steps.proceed(request, user, following, trusted=settings.OIDC_SECOND_FACTOR)


_NO_ANSWER: Final = _lazy("The hotel account did not answer. Sign in with user name and password.")


def _back_to_form(request: HttpRequest, text: Any) -> HttpResponse:
    messages.error(request, str(text))
    return HttpResponseRedirect(reverse("admin:login"))


@lru_cache(maxsize=1)
def _provider_errors() -> tuple[type[Exception], ...]:
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError
    from requests import RequestException

    # ValueError: an answer that is no JSON, or a key that no key set has.
    return (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError)


def user_of(claims: dict[str, Any]) -> User:
    """The user of the account with the roles that the claims give; made if there is none. Raises AccountRefused."""
    roles = roles_of(claims)
    if not claims.get("sub"):
        raise AccountRefused(str(_NO_ANSWER))
    account = {"issuer": settings.OIDC_ISSUER, "subject": str(claims["sub"])[:255]}
    linked = HotelAccount.objects.filter(**account).select_related("user").first()
    user = linked.user if linked else None
    if not roles:
        if user is not None and not user.is_superuser:
            _give_roles(user, roles)
        raise AccountRefused(_("Your hotel account has no role here. Ask your supervisor."))
    if user is None:
        with transaction.atomic():
            user = _user_with_same_address(claims) or _new_user(claims)
            HotelAccount.objects.create(user=user, **account)
    if not user.is_active:
        raise AccountRefused(_("Your user was deactivated. Ask your supervisor."))
    if not user.is_superuser:
        _give_roles(user, roles)
    user.backend = _BACKEND
    return user


def roles_of(claims: dict[str, Any]) -> set[str]:
    """The roles that the claim OIDC_CLAIM gives; an unverified e-mail address gives none."""
    value = claims.get(settings.OIDC_CLAIM)
    if settings.OIDC_CLAIM == "email" and claims.get("email_verified") is not True:
        value = None
    values = value if isinstance(value, list) else [value]
    given = {settings.OIDC_ROLES[str(one)] for one in values if str(one) in settings.OIDC_ROLES}
    if not given and ANY_VALUE in settings.OIDC_ROLES:
        given = {settings.OIDC_ROLES[ANY_VALUE]}
    return given & set(ROLES)


def _give_roles(user: User, roles: set[str]) -> None:
    """The hotel's account system decides on all of our roles; groups of the installation's own are kept."""
    kept = user.groups.exclude(name__in=ROLES)
    user.groups.set([*kept, *Group.objects.filter(name__in=roles)])


def _user_with_same_address(claims: dict[str, Any]) -> User | None:
    if not settings.OIDC_LINK_BY_EMAIL or claims.get("email_verified") is not True or not claims.get("email"):
        return None
    same = User.objects.filter(email__iexact=str(claims["email"]), is_superuser=False, hotel_accounts=None)
    return same.get() if same.count() == 1 else None


def _new_user(claims: dict[str, Any]) -> User:
    name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"]).strip().lower()[:150]
    user = User(
        username=name,
        first_name=str(claims.get("given_name") or claims.get("name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150],
        email=str(claims.get("email") or "")[:254] if claims.get("email_verified") is True else "",
        is_staff=True,
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        # Somebody of ours has that name: it may be another person.
        raise AccountRefused(
            _("There is a user with the name of your hotel account already. Ask your supervisor.")
        ) from None
    return user
