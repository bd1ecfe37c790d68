#!/usr/bin/env python3
"""Prints what the server can do as ratios and figures, measured side by side in one run.

Usage: cargo build --release && tests/benches/table.py [PATH-OF-TATUSCAN]

Needs nothing but Python 3.8 and the program. Takes about six minutes. A second on another machine
is another second: compare ratios, and rows of one run.
"""
import json, os, platform, signal, statistics, subprocess, sys, tempfile, time, urllib.request

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/tatuscan")
MACHINES = 20_000


class Server:
    """A server on any free port over a directory."""

    def __init__(self, directory):
        environment = {"TATUSCAN_DB_DIR": directory, "TATUSCAN_PORT": "0", "PATH": os.environ["PATH"]}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, "serve"], env=environment, cwd=directory, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "url=" not in line:
            sys.exit(f"the server did not start: {line}")
        self.start_s = time.monotonic() - started
        self.url = line.split("url=")[1].split()[0].replace("localhost", "127.0.0.1")

    def load(self, *flags):
        command = [PROGRAM, "loadgen", "--url", self.url, "--pid", str(self.process.pid), "--json"]
        done = subprocess.run(command + list(flags), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"loadgen {' '.join(flags)}: {done.stderr}")
        return json.loads(done.stdout)

    def seconds(self, path, repeats=9):
        """The median time of a GET, its body included."""
        def once():
            started = time.monotonic()
            urllib.request.urlopen(self.url + path).read()
            return time.monotonic() - started
        return statistics.median(once() for _ in range(repeats))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def fsync_s(directory):
    """The median time to make 4 KiB durable on the disk that the store is on."""
    path, times = os.path.join(directory, "probe"), []
    with open(path, "wb") as probe:
        for _ in range(100):
            started = time.monotonic()
            probe.write(b"x" * 4096)
            probe.flush()
            os.fdatasync(probe.fileno())
            times.append(time.monotonic() - started)
    os.remove(path)
    return statistics.median(times)


def row(what, figure, bar, holds):
    print(f"| {what} | {figure} | {bar} | {'yes' if holds else 'NO'} |", flush=True)
    return holds


def main():
    rows = []
    with tempfile.TemporaryDirectory(prefix="tatuscan-table-") as directory:
        disk = fsync_s(directory)
        server = Server(directory)
        server.load("--duration", "6s")
        print(f"{platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}, "
              f"fsync {disk * 1000:.2f} ms, {MACHINES} machines\n")
        print("| work | figure | bar | holds |\n|---|---|---|---|")
        pairs = []
        for _ in range(3):
            empty = server.load("--work", "empty", "--duration", "5s")["per_second"]
            pairs.append((server.load("--duration", "8s", "--verify"), empty))
        ratio = statistics.median(report["per_second"] / empty for report, empty in pairs)
        rate = statistics.median(report["per_second"] for report, _ in pairs)
        empty = statistics.median(empty for _, empty in pairs)
        rows.append(row("durable reports, 64 connections, to empty JSON POSTs",
                        f"{rate:,.0f} / {empty:,.0f} a second = {ratio:.0%}", "40 % (aim 50 %)", ratio >= 0.4))
        half = server.load("--rate", str(int(rate / 2)), "--duration", "10s", "--connections", "256")
        p99 = half["latency"]["p99_us"] / 1e6
        rows.append(row("p99 of a durable report at half of that load, in fsync times",
                        f"{p99 * 1000:.1f} ms = {p99 / disk:.1f}", "10", p99 < 10 * disk))
        steady = server.load("--rate", "333", "--duration", "130s", "--verify")
        process = steady["process"]
        rows.append(row("bytes to the device per report at 333 a second, folds included",
                        f"{process['written_bytes_per_request']:,}", "2,500",
                        process["written_bytes_per_request"] <= 2500))
        rows.append(row("resident memory under load", f"{process['resident_largest_kib'] / 1024:.0f} MB",
                        "64 MB", process["resident_largest_kib"] < 64 << 10))
        pages = {path: server.seconds(path) for path in (
            "/api/machines?limit=100", "/api/machines?limit=100&sort=os_version&dir=desc",
            "/api/machines?limit=100&q=lab&status=online&sort=updated_at",
            "/api/machines?limit=100&os=windows&ip=10.0.0.0/16")}
        slowest = max(pages.values())
        rows.append(row("slowest of four filtered, sorted pages, client included",
                        f"{slowest * 1000:.1f} ms", "5 ms", slowest < 0.005))
        whole = server.seconds("/api/machines")
        rows.append(row("the whole list, client included", f"{whole * 1000:.0f} ms", "100 ms", whole < 0.1))
        server.stop()
    with tempfile.TemporaryDirectory(prefix="tatuscan-table-") as directory:
        server = Server(directory)
        server.load("--machines", "100000", "--duration", "15s")
        server.stop()
        starts = []
        for _ in range(3):
            server = Server(directory)
            starts.append(server.start_s)
            server.stop()
        start = statistics.median(starts)
        rows.append(row("start to ready with 100,000 machines", f"{start * 1000:.0f} ms", "1 s", start < 1))
    sys.exit(0 if all(rows) else 1)


main()
