#!/usr/bin/env python3
"""Lives with servers for an hour as a fleet and its people would, and says whether they grow meanwhile.

Usage: cargo build --release && tests/benches/soak.py [PATH-OF-TATUSCAN] [--minutes N] [--stores redb,postgres]

For each store at once: 5,000 machines that report once a minute over 500 connections, and every minute 20
machines removed, which come back with their next report, 60 changed by people, 100 inventory sections sent
anew, 50 pages, an export, a search in programs, and 20 connections that ask for nothing. All of it happens to
the same 500 machines, so that after some minutes there is nothing new to keep but the audit log. Flat means:
what is in use in the last fifth is not more than in the second fifth, but for the slack that is printed.
"""
import argparse, json, os, random, statistics, sys, tempfile, threading, time
from programs import NAMES, STORES, Measured, Server, Store, sql

MACHINES, CHANGED, A_MINUTE = 5_000, 500, 60
PEOPLE = ["Ana", "Bruno", "Conceição", "Dário", "Érica", "<b>Fábio</b>"]
PROGRAMS = ["firefox", "libreoffice", "gimp", "vlc", "chromium", "python3", "inkscape", "audacity"]
# Growth of the resident memory that is not seen as one: the allocator keeps some of what it had.
MEMORY_SLACK = 1.05
# What an entry of the audit log may take on disk; it is kept for three years.
ENTRY_BYTES = 1024


class People(threading.Thread):
    """What happens beside the reports, minute for minute."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random, self.token = server, random.Random(seed), server.token("admin")
        self.audited, self.answers, self.odd, self.stopped = 0, 0, [], threading.Event()
        page = json.loads(self.ask("GET", f"/api/machines?limit={CHANGED}"))
        self.ids = [machine["machine_id"] for machine in page["items"]]

    def ask(self, method, path, body=None, expected=(200,)):
        """On a connection of its own, as an agent or a browser that was away for a while."""
        connection = self.server.connection()
        try:
            connection.request(method, path, body and json.dumps(body), {
                "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.answers += 1
        if answer.status not in expected:
            self.odd.append(f"{method} {path}: {answer.status} {content[:200]}")
        return content

    def minute(self):
        ids = self.random.sample(self.ids, 180)
        for machine in ids[:20]:
            self.ask("DELETE", f"/api/machines/{machine}", expected=(200, 404))
        for machine in ids[20:80]:
            change = {"owner": self.random.choice(PEOPLE), "tags": [f"lab-{self.random.randrange(40)}"],
                      "notes": f"{self.random.random()}" * self.random.randrange(1, 9)}
            self.ask("PATCH", f"/api/machines/{machine}", change, expected=(200, 404))
        self.audited += 80
        for machine in ids[80:180]:
            packages = [{"name": name, "version": f"{self.random.randrange(99)}.{self.random.randrange(99)}"}
                        for name in self.random.sample(PROGRAMS, 6)]
            content = {"packages": packages, "total": len(packages)}
            body = {"hash": f"{self.random.getrandbits(64):016x}", "content": content}
            self.ask("PUT", f"/api/machines/{machine}/sections/software", body, expected=(200, 404))
        for number in range(50):
            self.ask("GET", f"/api/machines?limit=100&q=lab&sort=updated_at&offset={number * 20}")
        self.ask("GET", "/api/export/machines.csv")
        self.ask("GET", f"/api/software?q={self.random.choice(PROGRAMS)}")
        self.ask("GET", "/api/summary")
        silent = [self.server.connection() for _ in range(20)]
        for connection in silent:
            connection.connect()
        for connection in silent:
            connection.close()

    def run(self):
        try:
            while not self.stopped.is_set():
                end = time.monotonic() + A_MINUTE
                self.minute()
                self.stopped.wait(max(0, end - time.monotonic()))
        except Exception as error:
            self.odd.append(repr(error))


class Soak(threading.Thread):
    """One server over one store, observed every minute."""

    def __init__(self, kind, minutes, directory):
        super().__init__()
        self.kind, self.minutes, self.directory, self.looks, self.outcome = kind, minutes, directory, [], None

    def look(self, server, people, minute):
        look = {"minute": minute, "rss_kib": server.status("VmRSS"), "threads": server.status("Threads"),
                "descriptors": server.descriptors(), "disk": server.store.size(), "audited": people.audited}
        self.looks.append(look)
        print(f"{NAMES[self.kind]:>10} {minute:3} min  resident {look['rss_kib']:6} KiB  descriptors "
              f"{look['descriptors']:4}  threads {look['threads']:2}  disk {look['disk'] >> 10:6} KiB  "
              f"{people.answers} answers to people", flush=True)

    def run(self):
        with Store(self.kind) as store, open(f"{self.directory}/{self.kind}.log", "w+") as log, \
                Server(store, log) as server:
            reports = threading.Thread(target=self.report, args=(server,))
            reports.start()
            time.sleep(A_MINUTE)  # the fleet comes
            people = People(server, self.kind)
            people.start()
            for minute in range(self.minutes):
                self.look(server, people, minute)
                time.sleep(A_MINUTE)
            self.look(server, people, self.minutes)
            people.stopped.set()
            people.join()
            reports.join()
            log.seek(0)
            self.odd = people.odd + [line for line in log if "WARN" in line or "ERROR" in line]

    def report(self, server):
        seconds = (self.minutes + 1) * A_MINUTE
        self.outcome = server.load("--machines", str(MACHINES), "--connections", "500", "--rate",
                                   str(MACHINES / A_MINUTE), "--duration", f"{seconds}s")

    def verdict(self):
        """Prints how the last fifth is to the second one, and whether that is flat."""
        fifth = max(1, len(self.looks) // 5)
        early, late = self.looks[fifth:2 * fifth], self.looks[-fifth:]
        def of(looks, what):
            return statistics.median(look[what] for look in looks)
        audited = of(late, "audited") - of(early, "audited")
        rows = [("resident memory, KiB", "rss_kib", of(early, "rss_kib") * MEMORY_SLACK),
                ("descriptors", "descriptors", of(early, "descriptors") + 10),
                ("threads", "threads", of(early, "threads") + 2),
                ("bytes on disk", "disk", of(early, "disk") * 1.05 + audited * ENTRY_BYTES)]
        flat = True
        for name, what, bar in rows:
            holds = of(late, what) <= bar
            flat &= holds
            print(f"| {NAMES[self.kind]} | {name} | {of(early, what):,.0f} | {of(late, what):,.0f} | "
                  f"{bar:,.0f} | {'yes' if holds else 'NO'} |")
        broken, latency = self.outcome["broken"], self.outcome["latency"]
        print(f"| {NAMES[self.kind]} | reports: {latency['count']:,}, p99 {latency['p99_us'] / 1000:.1f} ms, "
              f"longest {latency['max_us'] / 1000:.0f} ms; without an answer | | {broken} | 0 | "
              f"{'NO' if broken else 'yes'} |")
        for line in self.odd[:20]:
            print(f"{NAMES[self.kind]}: {line.strip()}")
        return flat and not broken and not self.odd


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", nargs="?", default="target/release/tatuscan")
    arguments.add_argument("--minutes", type=int, default=60)
    arguments.add_argument("--stores", default="redb,postgres", help=f"of {','.join(STORES)}")
    arguments = arguments.parse_args()
    Measured.program = os.path.abspath(arguments.program)
    kinds = arguments.stores.split(",")
    for kind in kinds:
        if kind not in STORES:
            sys.exit(f"--stores: {kind} is none of {', '.join(STORES)}")
        if why := Store.missing(kind):
            sys.exit(f"{NAMES[kind]}: {why}")
        if kind == "postgres" and sql(kind, "SHOW autovacuum") == "off":
            sys.exit("PostgreSQL: autovacuum is off, so that nothing that was deleted is ever used again: "
                     "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()")
    with tempfile.TemporaryDirectory(prefix="tatuscan-soak-") as directory:
        soaks = [Soak(kind, arguments.minutes, directory) for kind in kinds]
        for soak in soaks:
            soak.start()
        for soak in soaks:
            soak.join()
    print("\n| store | what | second fifth | last fifth | at most | flat |\n|---|---|---|---|---|---|")
    flat = [soak.verdict() for soak in soaks]
    sys.exit(0 if all(flat) else 1)


main()
