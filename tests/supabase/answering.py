"""A client whose server is respx."""

from typing import Any

import httpx
import respx

from sistema_os.supabase import SupabaseClient

KEY = "a-key-of-the-hotel"
URL = "https://hotel.supabase.co"


def connected(router: respx.Router, **options: Any) -> SupabaseClient:
    return SupabaseClient(URL, KEY, transport=httpx.MockTransport(router.async_handler), **options)
