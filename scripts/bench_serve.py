"""Load on ser-serve over loopback, beside ser-predict on the same clips in the same run.

    python3 scripts/bench_serve.py ser-serve ser-predict BUNDLE FOLDER [--parts clips,streams,memory,overload] [--requests 100000]

Streams are carried by one core: the server is pinned to the last one with a single job, the callers to the others. Prints the rows of reports/serve.md. Python's standard library alone. FOLDER holds WAV files of 16 bits and one channel; their first
3 s are sent. Processor seconds are those of the server's process, so that what else the machine does matters little.
"""

import argparse, base64, http.client, json, os, pathlib, queue, random, re, resource, socket, struct, subprocess, tempfile, threading, time, wave

TICK = os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, program, *arguments, core=None):
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        self.process = subprocess.Popen([*pinned, program, "--port", "0", "--quiet", *arguments], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"listening on http://127.0.0.1:(\d+)", line):
                self.port = int(found[1])
                break
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()

    def processor(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read())[1]) / 1024

    def end(self):
        self.process.terminate()
        return self.process.wait(60)


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def flood(server, bodies, count, clients, pace=None):
    """Sends count bodies from so many clients; seconds of each answer by status. With a pace, one every so many seconds."""
    numbers, times, lock = iter(range(count)), {}, threading.Lock()
    begun = time.monotonic()

    def run():
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = begun + number * pace if pace else time.monotonic()
            time.sleep(max(0, due - time.monotonic()))
            link.request("POST", "/v1/recognize", bodies[number % len(bodies)])
            answer = link.getresponse()
            answer.read()
            assert answer.status != 429 or answer.getheader("Retry-After"), "429 without Retry-After"
            # From when it was due: whoever waits for a free client waits, too.
            with lock:
                times.setdefault(answer.status, []).append(time.monotonic() - due)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return times, time.monotonic() - begun


def stream(port, samples, seconds, waits):
    """A stream at the pace of speech, 0.1 s at a time; what each answer took after its last samples were sent."""
    link = socket.create_connection(("127.0.0.1", port), 60)
    key = base64.b64encode(os.urandom(16)).decode()
    link.sendall(f"GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())

    def send(code, payload):
        size = struct.pack(">B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack(">BH", 0x80 | 126, len(payload))
        link.sendall(bytes([0x80 | code]) + size + bytes(4) + payload)

    sent, done = [], threading.Event()

    def listen():
        held = b""
        while not done.is_set():
            try:
                piece = link.recv(1 << 16)
            except OSError:
                return
            if not piece:
                return
            now = time.monotonic()
            held += piece
            for end in re.findall(rb'"end":([\d.]+),', held):
                at = int(float(end) * 10 + 0.5) - 1
                if 0 <= at < len(sent):
                    waits.append(now - sent[at])
            held = held[max(held.rfind(b'"end":'), 0) + 6 :][-4096:]

    send(1, b'{"rate": 16000}')
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    begun = time.monotonic() + random.random() / 2
    for i in range(10 * seconds):
        time.sleep(max(0, begun + i / 10 - time.monotonic()))
        at = (3200 * i) % (len(samples) - 3200)
        sent.append(time.monotonic())
        send(2, samples[at : at + 3200])
    time.sleep(0.5)
    done.set()
    link.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ["serve", "predict", "bundle", "folder"]:
        parser.add_argument(name)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--streams", default="20", help="how many at once, one run each: 20,40,60")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--pinned", action="store_true", help="clips: one job on the last core, the callers on the others")
    parser.add_argument("--parts", default="clips,streams,memory,overload")
    given = parser.parse_args()
    files = sorted(pathlib.Path(given.folder).rglob("*.wav"))
    random.Random(1).shuffle(files)
    with tempfile.TemporaryDirectory() as dir:
        bodies, samples = [], b""
        for i, path in enumerate(files):
            with wave.open(str(path)) as file:
                if file.getparams()[:3] != (1, 2, 16000):
                    continue
                frames = file.readframes(48_000)
            frames += frames[: max(0, 96_000 - len(frames))]  # short ones go on from their beginning
            out = pathlib.Path(dir) / f"{i:05}.wav"
            with wave.open(str(out), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes(frames)
            bodies.append(out.read_bytes())
            samples += frames if len(samples) < 16000 * 120 else b""
            if len(bodies) == given.clips:
                break
        print(f"{len(bodies)} clips of 3 s, {given.jobs} jobs, load average {os.getloadavg()[0]:.1f}", flush=True)

        parts = set(given.parts.split(","))
        if "clips" in parts:
            clips(given, bodies, dir)
        if "streams" in parts:
            streams(given, samples)
        if "memory" in parts:
            memory(given, bodies)
        if "overload" in parts:
            overload(given, bodies)


def clips(given, bodies, dir):
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1] if given.pinned else None
    pinned = ["taskset", "-c", str(core)] if given.pinned else []
    if given.pinned:
        given.jobs = 1
        os.sched_setaffinity(0, cores[:-1])
    environment = {**os.environ, "RAYON_NUM_THREADS": str(given.jobs)}
    server = Server(given.serve, given.bundle, "--jobs", str(given.jobs), "--queue", "1000", core=core)
    flood(server, bodies, 20, 4)
    ratios = []
    for _ in range(3):
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([*pinned, given.predict, given.bundle, dir, "--format", "csv"], env=environment, stdout=subprocess.DEVNULL, check=True)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
        folder = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        begun = server.processor()
        times, served = flood(server, bodies, len(bodies), 2 * given.jobs)
        work = server.processor() - begun
        assert list(times) == [200], {status: len(all) for status, all in times.items()}
        ratios.append((folder / len(bodies), work / len(bodies), work / folder, wall / len(bodies), served / len(bodies)))
    for folder, work, ratio, wall, served in ratios:
        print(f"| a clip | ser-predict {1e3 * folder:.1f} ms of processor, {1e3 * wall:.1f} ms of wall ({1 / wall:.0f} clips/s) | ser-serve {1e3 * work:.1f} ms, "
              f"{1e3 * served:.1f} ms ({1 / served:.0f} requests/s) | processor × {ratio:.3f}, wall × {served / wall:.3f} |", flush=True)
    pace = 2 * sorted(served for *_, served in ratios)[1]
    times, _ = flood(server, bodies, min(1000, 5 * len(bodies)), 64, pace)
    print(f"| at half that load, {1 / pace:.1f} requests/s | median {1e3 * percentile(times[200], 50):.0f} ms | p99 "
          f"{1e3 * percentile(times[200], 99):.0f} ms | {len(times[200])} requests |", flush=True)
    os.sched_setaffinity(0, cores)
    assert server.end() == 0


def streams(given, samples):
    cores = sorted(os.sched_getaffinity(0))
    server = Server(given.serve, given.bundle, "--jobs", "1", "--max-streams", "1000", core=cores[-1])
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:-1])
    for count in map(int, given.streams.split(",")):
        waits, begun = [], server.processor()
        threads = [threading.Thread(target=stream, args=(server.port, samples[3200 * i :] + samples[: 3200 * i], given.seconds, waits)) for i in range(count)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        each = (server.processor() - begun) / count / given.seconds
        wanted = count * (2 * given.seconds - 1)
        print(f"| {count} streams in real time on one core for {given.seconds} s | {1e3 * each:.2f} ms of processor a second of stream ({1 / each:.0f} a core) | "
              f"answers after {1e3 * percentile(waits, 50):.0f} ms (median), {1e3 * percentile(waits, 99):.0f} ms (p99), {len(waits)} of {wanted} or more |", flush=True)
    os.sched_setaffinity(0, cores)
    assert server.end() == 0


def memory(given, bodies):
    server = Server(given.serve, given.bundle, "--jobs", str(given.jobs))
    # Many requests on a short clip, then many connections.
    short = bytearray(bodies[0][: 44 + 9600])
    short[4:8], short[40:44] = struct.pack("<I", 36 + 9600), struct.pack("<I", 9600)
    for part in range(11):
        begun = time.monotonic()
        times, _ = flood(server, [bytes(short)], max(1, given.requests // 10) if part else min(1000, given.requests), 16)
        count = sum(map(len, times.values()))
        assert set(times) <= {200, 422}, {status: len(all) for status, all in times.items()}
        print(f"| memory after {count} requests more ({count / (time.monotonic() - begun):.0f} a second) | {server.memory():.1f} MB |", flush=True)
    links = []
    for _ in range(1000):
        link = socket.create_connection(("127.0.0.1", server.port))
        link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        links.append(link)
    held = server.memory()
    times, _ = flood(server, bodies, 20, 2)
    print(f"| 1,000 connections open | {held:.1f} MB, {len(times[200])} of 20 requests beside them answered |", flush=True)
    [link.close() for link in links]
    assert server.end() == 0


def overload(given, bodies):
    server = Server(given.serve, given.bundle, "--jobs", str(given.jobs), "--queue", "4")
    flood(server, bodies, 8, 2)
    times, _ = flood(server, bodies, 400, 64)
    refused = times.get(429, [0])
    print(f"| 64 clients at a queue of 4 | {len(times[200])} answered, {len(refused)} refused with 429 in {1e3 * percentile(refused, 50):.1f} ms (median), "
          f"{1e3 * percentile(refused, 99):.1f} ms (p99) | others: { {s: len(t) for s, t in times.items() if s not in (200, 429)} } |")
    assert server.end() == 0


if __name__ == "__main__":
    main()
