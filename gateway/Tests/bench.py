#!/usr/bin/env python3
"""Measures the gateway: settlements and key queries per second, and the time of each call.

    bench.py POSGATEWAY POSCODE [--rounds N] [--calls N] [--trades N]

Starts a server with synchronous FULL. One client on the same machine keeps 32 connections. All calls are signed, and all
records are made, before the clock starts. Every answer is checked. Prints medians over the rounds, and the server's
resident memory while --trades trades settle.
"""

import argparse
import concurrent.futures
import http.client
import os
import statistics
import subprocess
import threading
import time
import urllib.parse

import support

CONNECTIONS = 32
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def bodies(client, method, contents):
    return [urllib.parse.urlencode(client.parameters(method, content)) for content in contents]


def run(server, calls, wanted):
    """Sends the calls over all connections. Returns the total seconds, and the seconds of each call."""
    queue = iter(calls)
    lock = threading.Lock()
    times = []

    def worker():
        connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
        own = []
        while True:
            with lock:
                body = next(queue, None)
            if body is None:
                break
            start = time.perf_counter()
            connection.request("POST", "/gateway.do", body, HEADERS)
            answer = connection.getresponse().read()
            own.append(time.perf_counter() - start)
            if wanted not in answer or b'"FAIL"' in answer or b'"UNKNOWN"' in answer:
                raise AssertionError(answer)
        connection.close()
        with lock:
            times.extend(own)

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        for future in [pool.submit(worker) for _ in range(CONNECTIONS)]:
            future.result()
    return time.perf_counter() - start, sorted(times)


def resident(server):
    """The server's resident memory in KiB."""
    for line in support.read(f"/proc/{server.process.pid}/status").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def percentile(times, percent):
    return 1000 * times[min(len(times) * percent // 100, len(times) - 1)]


def report(name, rounds):
    rates = [len(times) / seconds for seconds, times in rounds]
    print(f"{name}: {statistics.median(rates):.0f} a second (rounds: {', '.join(f'{rate:.0f}' for rate in rates)})")
    for percent in (50, 95, 99):
        print(f"    p{percent:<3} {statistics.median(percentile(times, percent) for _, times in rounds):8.1f} ms")


class Codes:
    """Codes of new riders, a thousand at a time."""

    def __init__(self, server):
        self.server, self.user, self.codes = server, 2088100000000000, []

    def take(self, count):
        while len(self.codes) < count:
            self.codes += support.issue(self.server, "--vary", "rider", "--uid", str(self.user), count=1000)
            self.user += 1000
        taken, self.codes = self.codes[:count], self.codes[count:]
        return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posgateway")
    parser.add_argument("poscode")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3000, help="in each round")
    parser.add_argument("--trades", type=int, default=200_000, help="in all, for the memory")
    options = parser.parse_args()
    support.POSGATEWAY, support.POSCODE = os.path.abspath(options.posgateway), os.path.abspath(options.poscode)

    server = support.Server("--log-level", "warning")
    client, gate, codes = support.Client(server), support.Gate(server), Codes(server)

    def trades(count):
        return [gate.trade(gate.record(code)) for code in codes.take(count)]

    settled = 0
    rounds = []
    for _ in range(options.rounds):
        calls = bodies(client, support.TRADE_SETTLE, ({"trade_list": [trade]} for trade in trades(options.calls)))
        rounds.append(run(server, calls, b'"SUCCESS"'))
        settled += options.calls
    report("trade.settle, one trade a call", rounds)

    calls = bodies(client, support.KEY_QUERY, [None] * options.calls)
    report("key.query", [run(server, calls, b'"10000"') for _ in range(options.rounds)])

    print(f"resident memory after {settled} trades: {resident(server) / 1024:.1f} MiB")
    started, first = time.perf_counter(), settled
    while settled < options.trades:
        chunk = trades(min(20_000, options.trades - settled))
        calls = bodies(client, support.TRADE_SETTLE, (
            {"trade_list": chunk[at:at + 100]} for at in range(0, len(chunk), 100)))
        run(server, calls, b'"SUCCESS"')
        settled += len(chunk)
        print(f"resident memory after {settled} trades: {resident(server) / 1024:.1f} MiB", flush=True)
    if settled > first:
        print(f"    ({(settled - first) / (time.perf_counter() - started):.0f} trades a second, their making included)")
    figures = server.audit()
    assert figures["settled_trades"] == settled, figures
    plans = subprocess.run(
        [support.POSGATEWAY, "plans", "--data", server.data], stdout=subprocess.PIPE, text=True, check=True)
    print(f"{plans.stdout.count('hot ')} hot statements, none reads a whole table")
    server.stop()


if __name__ == "__main__":
    main()
