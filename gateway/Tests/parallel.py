"""Calls from many threads at once."""

import concurrent.futures
import http.client
import json
import threading


def at_once(count, work):
    """Runs the work in `count` threads that start together. Returns the results."""
    barrier = threading.Barrier(count)

    def run(index):
        barrier.wait()
        return work(index)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def post(server, body):
    """The body of one reply on a new connection; None when the connection ends without a reply."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request("POST", "/gateway.do", body, {"Content-Type": "application/x-www-form-urlencoded"})
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def results_of(body):
    (node,) = [value for name, value in json.loads(body).items() if name.endswith("_response")]
    return node["result_list"]
