"""What is known to block: functions by their full name, and methods by the type of the object that has them."""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions, by full name, with what is wrong and what to use instead.
CALLS = {
    "time.sleep": "time.sleep() stops the loop; use asyncio.sleep()",
    "open": "open() reads and writes files in the loop; use asyncio.to_thread()",
    "io.open": "open() reads and writes files in the loop; use asyncio.to_thread()",
    "codecs.open": "open() reads and writes files in the loop; use asyncio.to_thread()",
    "gzip.open": "open() reads and writes files in the loop; use asyncio.to_thread()",
    "input": "input() waits for a person",
    "asyncio.run": "asyncio.run() starts a loop inside the loop",
    "asyncio.run_coroutine_threadsafe": "a future of another thread; its result() would wait",
    "asgiref.sync.async_to_sync": "async_to_sync() waits for a loop from inside the loop",
    "urllib.request.urlopen": "urlopen() is a synchronous request",
    "urllib.request.urlretrieve": "urlretrieve() is a synchronous request",
    "socket.create_connection": "create_connection() connects synchronously",
    "socket.getaddrinfo": "getaddrinfo() waits for a name server; use loop.getaddrinfo()",
    "socket.gethostbyname": "gethostbyname() waits for a name server; use loop.getaddrinfo()",
    "select.select": "select() waits in the loop",
    "psycopg.connect": "psycopg.connect() is a synchronous connection",
    "sqlite3.connect": "sqlite3.connect() opens a file in the loop",
    "smtplib.SMTP": "SMTP() connects synchronously",
    "smtplib.SMTP_SSL": "SMTP_SSL() connects synchronously",
    "ftplib.FTP": "FTP() connects synchronously",
    "imaplib.IMAP4_SSL": "IMAP4_SSL() connects synchronously",
    "shutil.copy": "shutil.copy() copies a file in the loop",
    "shutil.copyfile": "shutil.copyfile() copies a file in the loop",
    "shutil.copytree": "shutil.copytree() copies files in the loop",
    "shutil.move": "shutil.move() moves a file in the loop",
    "shutil.rmtree": "shutil.rmtree() removes files in the loop",
    "concurrent.futures.wait": "wait() waits for threads",
    "concurrent.futures.as_completed": "as_completed() waits for threads",
    "django.core.mail.send_mail": "send_mail() sends synchronously",
    "django.core.mail.mail_admins": "mail_admins() sends synchronously",
    "django.core.management.call_command": "call_command() runs a command in the loop",
    "django.shortcuts.get_object_or_404": "get_object_or_404() is a synchronous query; use aget_object_or_404()",
    "django.shortcuts.get_list_or_404": "get_list_or_404() is a synchronous query; use aget_list_or_404()",
    "os.system": "os.system() waits for a process",
    "os.popen": "os.popen() waits for a process",
    "os.wait": "os.wait() waits for a process",
    "os.waitpid": "os.waitpid() waits for a process",
    "os.listdir": "os.listdir() reads a directory in the loop",
    "os.walk": "os.walk() reads directories in the loop",
    "os.scandir": "os.scandir() reads a directory in the loop",
    "os.remove": "os.remove() changes files in the loop",
    "os.makedirs": "os.makedirs() changes files in the loop",
    "os.rename": "os.rename() changes files in the loop",
    "os.fsync": "os.fsync() waits for the disk",
    "django.db.transaction.atomic": "transaction.atomic() is a synchronous transaction",
    "django.db.connections.close_all": "connections.close_all() talks to the database",
    "django.db.close_old_connections": "close_old_connections() talks to the database",
    "django.db.connection.cursor": "connection.cursor() is a synchronous query",
}
BUILTINS = frozenset({"open", "input"})
HTTPX = words("get post put patch delete head options request stream")
SUBPROCESS = words("run call check_call check_output Popen getoutput getstatusoutput")

FILE = "a file"
CURSOR = "a database cursor"
_REQUEST = "get post put patch delete head options request send stream"
_FILE_METHODS = "read readline readlines write writelines flush seek truncate readinto"
_SQL = "execute executemany executescript fetchone fetchmany fetchall commit rollback copy"
_SERVER = "login sendmail send_message quit ehlo starttls connect cwd retrbinary storbinary search fetch select"
# Methods that block, by the type of their object.
METHODS = {
    "httpx.Client": words(_REQUEST),
    "requests.Session": words(_REQUEST),
    "urllib3.PoolManager": words("request urlopen"),
    "http.client.HTTPConnection": words("request getresponse connect"),
    "urllib.request.OpenerDirector": words("open"),
    "threading.Lock": words("acquire"),
    "threading.Condition": words("acquire wait wait_for"),
    "threading.Event": words("wait"),
    "threading.Barrier": words("wait"),
    "threading.Thread": words("join"),
    "queue.Queue": words("get put join"),
    "concurrent.futures.Executor": words("map shutdown"),
    "concurrent.futures.Future": words("result exception"),
    "subprocess.Popen": words("wait communicate"),
    "sqlite3.Connection": words(_SQL),
    CURSOR: words(_SQL + " callproc"),
    "psycopg.Connection": words(_SQL),
    "smtplib.SMTP": words(_SERVER),
    "socket.socket": words("connect accept recv recv_into recvfrom send sendall sendto makefile"),
    "pathlib.Path": words(
        """
        read_text write_text read_bytes write_bytes open exists stat is_file is_dir mkdir rmdir unlink touch rename
        replace iterdir glob rglob chmod resolve samefile
        """
    ),
    FILE: words(_FILE_METHODS),
    "zipfile.ZipFile": words("read write extract extractall open writestr"),
    "django.core.mail.EmailMessage": words("send"),
}
# What a call of these full names makes: an object with methods that block.
MAKERS = {
    **{name: name for name in METHODS if "." in name},
    **dict.fromkeys(("threading.RLock", "threading.Semaphore", "threading.BoundedSemaphore"), "threading.Lock"),
    **dict.fromkeys(("multiprocessing.Lock", "multiprocessing.RLock"), "threading.Lock"),
    **dict.fromkeys(("threading.Timer", "multiprocessing.Process"), "threading.Thread"),
    **dict.fromkeys(("queue.LifoQueue", "queue.PriorityQueue", "queue.SimpleQueue"), "queue.Queue"),
    **dict.fromkeys(("multiprocessing.Queue", "multiprocessing.JoinableQueue"), "queue.Queue"),
    "concurrent.futures.ThreadPoolExecutor": "concurrent.futures.Executor",
    "concurrent.futures.ProcessPoolExecutor": "concurrent.futures.Executor",
    "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
    "requests.session": "requests.Session",
    "http.client.HTTPSConnection": "http.client.HTTPConnection",
    "urllib.request.build_opener": "urllib.request.OpenerDirector",
    "sqlite3.connect": "sqlite3.Connection",
    "sqlite3.Cursor": CURSOR,
    "psycopg.connect": "psycopg.Connection",
    "psycopg.Cursor": CURSOR,
    "django.db.connection.cursor": CURSOR,
    **dict.fromkeys(("smtplib.SMTP_SSL", "ftplib.FTP", "imaplib.IMAP4_SSL"), "smtplib.SMTP"),
    "socket.create_connection": "socket.socket",
    **dict.fromkeys(("pathlib.Path.cwd", "pathlib.Path.home", "pathlib.PosixPath"), "pathlib.Path"),
    **dict.fromkeys(("open", "io.open", "gzip.open", "tempfile.TemporaryFile", "tempfile.NamedTemporaryFile"), FILE),
    "django.core.mail.EmailMultiAlternatives": "django.core.mail.EmailMessage",
}
# What their methods and attributes give, where that can block as well.
GIVES = {
    ("sqlite3.Connection", "cursor"): CURSOR,
    ("sqlite3.Connection", "execute"): CURSOR,
    ("psycopg.Connection", "cursor"): CURSOR,
    ("psycopg.Connection", "execute"): CURSOR,
    ("concurrent.futures.Executor", "submit"): "concurrent.futures.Future",
    ("socket.socket", "makefile"): FILE,
    ("pathlib.Path", "open"): FILE,
    **{
        ("pathlib.Path", name): "pathlib.Path"
        for name in ("parent", "joinpath", "with_suffix", "with_name", "resolve", "absolute", "expanduser")
    },
}
# Entering or leaving `with` of these waits.
CONTEXTS = {
    "threading.Lock": "the lock is waited for in the loop; use asyncio.Lock",
    "threading.Condition": "the lock is waited for in the loop; use asyncio.Condition",
    "concurrent.futures.Executor": "leaving the executor waits for its threads",
    "sqlite3.Connection": "leaving the connection commits in the loop",
    "httpx.Client": "the client makes synchronous requests; use httpx.AsyncClient",
    "requests.Session": "the session makes synchronous requests; use httpx.AsyncClient",
}
# Files and cursors are read by iterating over them.
ITERATED = {
    FILE: "iterating over a file reads it in the loop",
    CURSOR: "iterating over a cursor is a synchronous query",
}

EVALUATING = words(
    """
    aggregate bulk_create bulk_update contains count create delete earliest exists explain first get
    get_or_create in_bulk last latest update update_or_create
    """
)
LAZY = words(
    """
    alias all annotate complex_filter dates datetimes db_manager defer difference distinct exclude extra
    filter intersection iterator none only order_by prefetch_related raw reverse select_for_update
    select_related union using values values_list
    """
)
# Nothing but a queryset has these; `filter` and `exclude` count only with keywords.
QUERYSET_ONLY = words("select_related prefetch_related values_list select_for_update order_by")
QUERYSET_WITH_KEYWORDS = words("filter exclude annotate")
# No other object has methods of these names.
ORM_ONLY = words("bulk_create bulk_update refresh_from_db")
ORM_WITH_DEFAULTS = words("get_or_create update_or_create")
INSTANCES = words("aget afirst alast aearliest alatest acreate")
SAVE_KEYWORDS = words("update_fields force_insert force_update using")
CONSUMERS = words(
    "all any bool dict enumerate filter frozenset iter len list map max min next set sorted sum tuple zip"
)
# They call what they are given, here and now; in the loop, or as soon as it is free.
CALLERS = words("map filter sorted max min call_soon call_later call_at add_done_callback")

SUPABASE = words("async_table from_ from_table table rpc sync_rpc")
# A statement that is nothing but one of these on a query has no effect.
BUILDING = words(
    """
    eq neq gt gte lt lte like ilike is_ in_ contains contained_by overlaps match or_ and_ filter fts plfts phfts wfts
    text_search like_any_of like_all_of ilike_any_of ilike_all_of range_gt range_lt range_gte range_lte range_adjacent
    order limit offset range single maybe_single csv select max_affected strip_nulls exact retry
    """
)
BUILDING_ONLY = words("eq neq gte lte ilike is_ in_ or_ and_ like_any_of ilike_any_of maybe_single")
