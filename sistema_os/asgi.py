import os

from django.core.asgi import get_asgi_application

from sistema_os.startup import freeze_loaded_code

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sistema_os.settings")
application = get_asgi_application()
freeze_loaded_code()
