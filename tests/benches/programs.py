"""The programs that are measured: the server over each of its stores, and what else people would take."""
import http.client, json, os, shutil, signal, socket, subprocess, sys, tempfile, threading, time, urllib.parse

DATABASES = {
    "postgres": os.environ.get("TATUSCAN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("TATUSCAN_TEST_MYSQL", "mysql://root@127.0.0.1:3306/mysql"),
}
STORES = ["redb", "sqlite", *DATABASES]
NAMES = {"redb": "redb", "sqlite": "SQLite", "postgres": "PostgreSQL", "mysql": "MariaDB"}


def sql(kind, statement):
    """What a database server answers to a statement, with its own client."""
    address = urllib.parse.urlsplit(DATABASES[kind])
    environment = dict(os.environ, PGCONNECT_TIMEOUT="3", MYSQL_PWD=address.password or "")
    if kind == "postgres":
        command = ["psql", DATABASES[kind], "-qAtc", statement]
    else:
        command = ["mariadb", "-NB", "-h", address.hostname, "-P", str(address.port or 3306), "-u", address.username,
                   "-e", statement]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip())
    return done.stdout.strip()


class Store:
    """A store of nothing yet, of one of STORES, in a directory that goes with it."""

    def __init__(self, kind):
        self.kind = kind
        self.directory = tempfile.mkdtemp(prefix="tatuscan-bench-")
        self.database = f"tatuscan_test_bench_{os.getpid()}_{os.path.basename(self.directory)[-6:]}".lower()
        self.uri = None
        if kind == "sqlite":
            self.uri = f"sqlite:///{self.directory}/inventory.db"
        elif kind in DATABASES:
            sql(kind, f"CREATE DATABASE {self.database}")
            address = urllib.parse.urlsplit(DATABASES[kind])
            self.uri = address._replace(path="/" + self.database).geturl()

    @staticmethod
    def missing(kind):
        """Why there can be none of this kind, or nothing."""
        try:
            return kind in DATABASES and not sql(kind, "SELECT 1") and "it does not answer" or None
        except OSError as error:
            return str(error)

    def environment(self):
        more = {"SQLALCHEMY_DATABASE_URI": self.uri} if self.uri else {}
        return {"PATH": os.environ["PATH"], "TATUSCAN_DB_DIR": self.directory, **more}

    def size(self):
        """Bytes on disk."""
        if self.kind == "postgres":
            return int(sql(self.kind, f"SELECT pg_database_size('{self.database}')"))
        if self.kind == "mysql":
            return int(sql(self.kind, "SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES "
                                      f"WHERE NAME LIKE '{self.database}/%'"))
        files = (os.path.join(self.directory, name) for name in os.listdir(self.directory))
        return sum(os.stat(file).st_blocks * 512 for file in files if os.path.isfile(file))

    def remove(self):
        if self.kind in DATABASES:
            sql(self.kind, f"DROP DATABASE {self.database}" + (" WITH (FORCE)" if self.kind == "postgres" else ""))
        shutil.rmtree(self.directory)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class Measured:
    """A process with an HTTP address, and the load generator to put load on it."""
    program = None  # of the load generator

    def __init__(self, command, url=None, **options):
        self.process = subprocess.Popen(command, **options)
        self.url = url

    def load(self, *flags):
        command = [self.program, "loadgen", "--url", self.url, "--pid", str(self.process.pid), "--json"]
        for _ in range(3):
            done = subprocess.run(command + list(flags), capture_output=True, text=True)
            if done.returncode == 0:
                return json.loads(done.stdout)
            # A disk that stood still for seconds is refused by 503: said aloud, and measured again.
            print(f"loadgen {' '.join(flags)}: {done.stderr.strip()}", file=sys.stderr, flush=True)
        sys.exit(1)

    def status(self, name):
        """A number of the process as /proc/PID/status names it: memory in KiB, or how many."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Server(Measured):
    """TatuScan on any free port over a store; what it logs goes to `log`, if not to the terminal."""

    def __init__(self, store, log=None):
        self.store = store
        # As many new machines at once as a table needs.
        environment = dict(store.environment(), TATUSCAN_PORT="0", TATUSCAN_BIND="127.0.0.1",
                           TATUSCAN_NEW_BURST="200000")
        started = time.monotonic()
        super().__init__([self.program, "serve"], env=environment, cwd=store.directory,
                         stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if "url=" not in line:
            sys.exit(f"the server did not start: {line}")
        self.start_s = time.monotonic() - started
        self.url = line.split("url=")[1].split()[0].replace("localhost", "127.0.0.1")
        # Nobody reads on; a full pipe would stop it.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def token(self, scope):
        command = [self.program, "token", "create", "bench", "--scope", scope]
        done = subprocess.run(command, env=self.store.environment(), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"token create: {done.stderr}")
        return next(word for word in done.stdout.split() if word.startswith("ts"))

    def connection(self):
        return http.client.HTTPConnection(self.url.split("//")[1], timeout=60)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def other(name, directory):
    """What people would take instead, as Debian packages it, with its own defaults but for the place of
    its data; None where it is not installed."""
    if not shutil.which(name):
        return None
    port = free_port()
    command = {
        "victoria-metrics": ["victoria-metrics", f"-storageDataPath={directory}", f"-httpListenAddr=127.0.0.1:{port}"],
        "prometheus-pushgateway": ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}",
                                   f"--persistence.file={directory}/metrics"],
    }[name]
    measured = Measured(command, f"http://127.0.0.1:{port}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return measured
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{name} does not listen")
