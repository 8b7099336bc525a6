"""A pool of zygotes behind one thread-safe door."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from apps.sandbox.engine import landlock
from apps.sandbox.errors import NodeUnavailable, SandboxUnavailable
from apps.sandbox.gateways import diagnosis
from apps.sandbox.gateways.exchange import Packed, WorkerDied, WorkerGone
from apps.sandbox.gateways.node import REMEDY as NODE_REMEDY
from apps.sandbox.gateways.node import node_problem, node_version
from apps.sandbox.gateways.protocol import result_read, run_bounds, run_kind, spec_pack
from apps.sandbox.gateways.runtime import Runtime, runtime_find
from apps.sandbox.gateways.selftest import SelfTestFailed, escapes_find
from apps.sandbox.gateways.tally import Counter, Tally
from apps.sandbox.gateways.worker import RawRun, StartFailed, Worker
from apps.sandbox.types import NodeRun, Probe, Result, Spec, Tier

RUNS_OF_A_WORKER = 5_000


class Sandbox:
    """
    Runs specifications, at most ``workers`` at once; zygotes start when first needed and are replaced when they die.

    Nothing is run before the self-test has passed in this process.
    """

    def __init__(self, workers: int, runtime: Runtime) -> None:
        self.workers = workers
        self.runtime = runtime
        self.counter = Counter()
        self._permits = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._tested = False
        self._tier: Tier = tier()
        self._test_lock = threading.Lock()

    @classmethod
    def open(cls, *, workers: int | None = None, preload: Sequence[str] = (), accelerate: bool = True) -> Sandbox:
        """
        Return a pool of its own; ``workers`` is the number of cores unless told otherwise.

        ``preload`` names modules that every run finds imported already. Without ``accelerate`` the C part is left
        aside even where it was built: the same walls, slower.
        """
        runtime = runtime_find(preload=preload, accelerate=accelerate)
        return cls(workers or len(os.sched_getaffinity(0)), runtime)

    def run(self, spec: Spec) -> Result:
        """
        Run one specification.

        :raises SandboxUnavailable: this machine cannot isolate.
        :raises NodeUnavailable: the run needs node, and this machine has none.
        :raises SpecInvalid: an argument has no representation.
        """
        packed = spec_pack(spec, node_version=self._node_version(spec))
        try:
            self.ensure_tested()
            result = self._run_packed(spec, packed)
        except SandboxUnavailable:
            self.counter.refused()
            raise
        self.counter.ended(result)
        return result

    def _node_version(self, spec: Spec) -> str:
        """
        :raises NodeUnavailable: the run needs node, and this machine has none.
        """
        if not isinstance(spec, NodeRun):
            return ""
        problem = node_problem(self.runtime.node)
        if problem or self.runtime.node is None:
            raise NodeUnavailable(problem, remedy=NODE_REMEDY)
        return node_version(self.runtime.node.path)

    def map(self, specs: Iterable[Spec]) -> Iterator[Result]:
        """
        Run specifications in parallel and yield the results in their order.

        :raises SandboxUnavailable: this machine cannot isolate.
        :raises SpecInvalid: an argument has no representation.
        """
        ahead: deque[Future[Result]] = deque()
        with ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox") as threads:
            try:
                for spec in specs:
                    ahead.append(threads.submit(self.run, spec))
                    if len(ahead) >= 4 * self.workers:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def close(self) -> None:
        """End the zygotes. A later run starts new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def ensure_tested(self) -> None:
        """
        Run the self-test unless it has passed.

        :raises SandboxUnavailable: it did not pass, or nothing could be started.
        """
        if self._tested:
            return
        with self._test_lock:
            if self._tested:
                return
            found = self.selftest()
            if found:
                raise SandboxUnavailable(
                    f"The sandbox does not hold on this machine: {'; '.join(found)}.", remedy=diagnosis.LEAK
                )
            self._tested = True

    def selftest(self) -> tuple[str, ...]:
        """
        Attack the sandbox; return what succeeded.

        :raises SandboxUnavailable: no zygote could be started, or the attacks could not be carried out.
        """
        try:
            return escapes_find(lambda spec: self._run_packed(spec, spec_pack(spec)))
        except SelfTestFailed as error:
            raise SandboxUnavailable(f"The sandbox could not be tested ({error}).", remedy=diagnosis.UNKNOWN) from error

    def _run_packed(self, spec: Spec, packed: Packed) -> Result:
        self.counter.waits()
        with self._permits:
            self.counter.waited()
            try:
                raw = self._carry_out(spec, packed)
            except WorkerDied as error:
                return Result("infra", None, stderr=f"The sandbox failed: {error}.")
        return result_read(spec, raw, self._tier)

    def _carry_out(self, spec: Spec, packed: Packed) -> RawRun:
        for _ in range(self.workers):
            try:
                with self._borrowed() as worker:
                    return worker.run(run_kind(spec), packed, run_bounds(spec))
            except WorkerGone:
                continue  # every idle one may have died since; none of them has seen the run
        with self._borrowed() as worker:
            return worker.run(run_kind(spec), packed, run_bounds(spec))

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Worker]:
        """
        Lend a worker. One that did not get through its run is ended, for it may be in the middle of it; one that has
        served long enough makes room for a fresh one.
        """
        worker = self._take()
        try:
            yield worker
        except BaseException:
            worker.kill()
            raise
        if worker.runs >= RUNS_OF_A_WORKER:
            worker.close()
            return
        with self._lock:
            self._idle.append(worker)

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        if not diagnosis.machine_supported():
            raise SandboxUnavailable("The sandbox does not know this architecture.", remedy=diagnosis.OTHER_MACHINE)
        self.counter.started()
        try:
            return Worker(self.runtime)
        except StartFailed as error:
            raise SandboxUnavailable(
                f"This machine cannot isolate untrusted code ({error.step}).", remedy=diagnosis.remedy_for(error.step)
            ) from error


class _Process:
    """The pool of this process: made when first needed, forgotten by forked children."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sandbox: Sandbox | None = None

    def get(self) -> Sandbox:
        with self.lock:
            if self.sandbox is None:
                self.sandbox = Sandbox.open()
            return self.sandbox

    def tally(self) -> Tally:
        return Tally() if self.sandbox is None else self.sandbox.counter.take()

    def close(self) -> None:
        if self.sandbox is not None:
            self.sandbox.close()

    def forget(self) -> None:
        self.sandbox = None
        self.lock = threading.Lock()


_process = _Process()
atexit.register(_process.close)
os.register_at_fork(after_in_child=_process.forget)


def process_sandbox() -> Sandbox:
    return _process.get()


def process_tally() -> Tally:
    """Take what this process's pool has counted; nothing when it has none."""
    return _process.tally()


def process_node() -> str:
    """Return the version of the node that this process's pool runs JavaScript with; "" where it cannot."""
    node = process_sandbox().runtime.node
    return node_version(node.path) if node is not None and not node_problem(node) else ""


def tier() -> Tier:
    """Return how many walls there are on this machine; that they hold is for the self-test to show."""
    return "full" if landlock.version() else "without_landlock"


def probe_run() -> Probe:
    """Start a zygote, attack it, and say what was found; takes well under two seconds."""
    started = time.monotonic()
    sandbox = Sandbox.open(workers=1)
    node = sandbox.runtime.node
    details: dict[str, object] = {
        "javascript": node_problem(node) or (f"node {node_version(node.path)}" if node else ""),
        "machine": os.uname().machine,
        "kernel": os.uname().release,
        "user": "root" if os.geteuid() == 0 else "ordinary",
        "interpreter": sandbox.runtime.interpreter,
    }
    try:
        found = sandbox.selftest()
        details |= {"tier": tier(), "landlock": landlock.version(), "c_part": sandbox.runtime.accelerator is not None}
    except SandboxUnavailable as error:
        return Probe(False, (error.message,), error.remedy, details)
    finally:
        sandbox.close()
    details["seconds"] = round(time.monotonic() - started, 3)
    remedy = diagnosis.LEAK if found else ""
    return Probe(not found, found, remedy, details)
