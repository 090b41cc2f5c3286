import os

from django.core.wsgi import get_wsgi_application

from sistema_os.startup import freeze_loaded_code

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sistema_os.settings")
application = get_wsgi_application()
freeze_loaded_code()
