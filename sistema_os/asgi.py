import os

from django.core.asgi import get_asgi_application

from sistema_os.startup import settle_in

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sistema_os.settings")
application = get_asgi_application()
settle_in()
