"""The pool of killable processes: limits, order, turns, healing, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from features import limited_process
from features.limited_process import LimitedProcess
from features.limits import InvalidMaterial
from features.material import Material
from features.structure_jobs import StructureJob
from features.structure_pool import Reading, StructurePool
from tests.features.pool_readers import obey

STARTED_WITHIN_S = 60.0
HEALED_WITHIN_S = 15.0
LIMIT_S = 1.0


@pytest.fixture(scope="module")
def pool() -> Iterator[StructurePool]:
    with StructurePool(2, time_limit_s=LIMIT_S, memory_limit_bytes=2**30, reader=obey) as shared:
        assert shared.is_alive(STARTED_WITHIN_S)
        yield shared


def jobs(*texts: str) -> list[StructureJob]:
    return [StructureJob(text, "cif") for text in texts]


def shown(readings: list[Reading]) -> list[str]:
    return [each.formula if isinstance(each, Material) else str(each) for each in readings]


def processes(pool: StructurePool) -> list[int]:
    return [slot.process.ping().result(HEALED_WITHIN_S) for slot in pool._slots]


def wait_until(holds: Callable[[], bool], limit_s: float = HEALED_WITHIN_S) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_results_come_in_the_order_of_the_jobs(pool: StructurePool) -> None:
    formulas = [f"Li{n}Cl" for n in range(1, 30)]
    assert shown(pool.read(jobs(*formulas))) == formulas
    assert shown(pool.read(jobs("sleep 0.2", "NaCl"))) == ["LiCl", "NaCl"]
    assert pool.read([]) == []


def test_a_refused_material_is_a_value(pool: StructurePool) -> None:
    (refused,) = pool.read([StructureJob("Xx3", "formula")])
    assert isinstance(refused, InvalidMaterial)
    assert refused.field == "formula"


def test_a_job_past_its_time_is_refused_and_its_neighbours_are_answered(
    pool: StructurePool,
) -> None:
    before = pool.restarts
    found = shown(pool.read(jobs("LiCl", "hang", "NaCl", "hang", "KCl")))
    refused = "cif: took longer than 1 s, the most accepted"
    assert found == ["LiCl", refused, "NaCl", refused, "KCl"]
    assert pool.restarts == before + 2


def test_a_job_past_its_memory_is_refused(pool: StructurePool) -> None:
    found = shown(pool.read(jobs("LiCl", "fill 1500", "NaCl")))
    assert found == ["LiCl", "cif: needed more than 1,024 MB of memory, the most accepted", "NaCl"]


@pytest.mark.parametrize("text", ["exit 3", "kill"])
def test_a_process_that_ends_by_itself_refuses_its_job(pool: StructurePool, text: str) -> None:
    found = shown(pool.read(jobs("sleep 0.2", text)))
    assert found == ["LiCl", "cif: ended the process that read it"]
    assert shown(pool.read(jobs("LiCl", "NaCl"))) == ["LiCl", "NaCl"]


def test_an_error_is_named_by_its_kind_without_its_words(pool: StructurePool) -> None:
    assert shown(pool.read(jobs("fail", "LiCl"))) == [
        "cif: could not be read (UnsendableError)",
        "LiCl",
    ]


def test_one_structure_does_not_wait_behind_the_many_of_another_caller(
    pool: StructurePool,
) -> None:
    many = pool.submit(jobs(*["sleep 0.05"] * 100))
    time.sleep(0.1)
    started = time.monotonic()
    assert shown(pool.read(jobs("NaCl"))) == ["NaCl"]
    assert time.monotonic() - started < 1.0  # the many need 2.5 s and more
    assert not many.done()
    assert pool.waiting > 0
    many.cancel()
    assert pool.waiting == 0


def test_cancelling_kills_what_runs_and_drops_what_waits(
    pool: StructurePool, tmp_path: Path
) -> None:
    before = processes(pool)
    call = pool.submit(jobs(*[f"note {tmp_path / str(n)}" for n in range(6)]))
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert call.cancel()
    wait_until(lambda: not any(map(is_running, before)), 1.0)
    started = [slot.process._pool.pebbles._pool_manager_loop for slot in pool._slots]
    assert None not in started  # new ones are there before they are wanted
    assert shown(pool.read(jobs("LiCl", "NaCl"))) == ["LiCl", "NaCl"]
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(CancelledError):
        call.result()


def test_the_job_after_a_cancelled_one_has_a_process_of_its_own(pool: StructurePool) -> None:
    for _ in range(5):
        call = pool.submit(jobs("sleep 0.05", "sleep 0.05"))
        time.sleep(0.04)  # about to end, so that its process would take the next job
        call.cancel()
        assert shown(pool.read(jobs("LiCl", "NaCl"))) == ["LiCl", "NaCl"]


def test_a_job_that_comes_as_its_process_breaks_is_not_left_waiting() -> None:
    process = LimitedProcess(LIMIT_S, 2**30, obey)
    os.kill(process.ping().result(STARTED_WITHIN_S), signal.SIGKILL)
    wait_until(lambda: not process._pool.pebbles.active)
    forgotten: Future[int] = Future()
    process._pool.open.add(forgotten)  # as where pebble registers it after it has given up
    assert isinstance(forgotten.exception(HEALED_WITHIN_S), BrokenProcessPool)
    assert process.ping().result(HEALED_WITHIN_S) > 0
    process.close()


def test_a_killed_idle_process_is_replaced(pool: StructurePool) -> None:
    before = processes(pool)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert shown(pool.read(jobs("LiCl", "NaCl", "KCl"))) == ["LiCl", "NaCl", "KCl"]
    assert pool.is_alive(HEALED_WITHIN_S)
    assert set(before).isdisjoint(processes(pool))


def test_a_pool_at_work_on_hanging_jobs_is_alive(pool: StructurePool) -> None:
    hanging = pool.submit(jobs("hang", "hang"))
    time.sleep(0.2)
    assert pool.is_alive(0.1)
    assert not hanging.done()
    assert shown(hanging.result()) == ["cif: took longer than 1 s, the most accepted"] * 2


def test_sigterm_and_ctrl_c_leave_the_processes_to_their_pool(pool: StructurePool) -> None:
    before = processes(pool)
    for pid in before:
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
    assert shown(pool.read(jobs("LiCl"))) == ["LiCl"]
    assert processes(pool) == before


def test_what_is_under_way_at_sigterm_is_answered(pool: StructurePool) -> None:
    before = processes(pool)
    call = pool.submit(jobs("sleep 0.5"))
    (forker,) = {psutil.Process(pid).ppid() for pid in before}
    assert forker != os.getpid()
    os.kill(forker, signal.SIGTERM)  # as Circus sends it to all below a server process
    assert shown(call.result()) == ["LiCl"]
    assert processes(pool) == before
    assert is_running(forker)


def test_a_process_is_replaced_after_so_many_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_process, "JOBS_A_PROCESS", 3)
    with StructurePool(1, reader=obey) as pool:
        assert len(set(shown(pool.read(jobs(*["process"] * 6))))) == 2
        assert pool.restarts == 0  # nothing was wrong with them


def test_a_structure_is_read_for_real_and_once(tmp_path: Path) -> None:
    from pymatgen.core import Lattice, Structure

    salt = Structure(Lattice.cubic(4.1), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    job = StructureJob(salt.to(fmt="poscar"), "poscar")
    with StructurePool(1, cache=tmp_path) as pool:
        (first,) = pool.read([job])
        assert isinstance(first, Material)
        assert (first.structure, first.space_group_number) == (None, 221)
        assert first.crystal is not None
        pid = processes(pool)[0]
        os.kill(pid, signal.SIGSTOP)  # whatever is answered now was not read again
        (second,) = pool.read([job])
        os.kill(pid, signal.SIGCONT)
        assert isinstance(second, Material)
        assert second.content_hash == first.content_hash


def test_nothing_outlives_close() -> None:
    threads = set(threading.enumerate())
    pool = StructurePool(2, reader=obey)
    pids = processes(pool)
    started = set(threading.enumerate()) - threads
    assert started
    call = pool.submit(jobs(*["sleep 4"] * 3))
    pool.close()
    with pytest.raises(CancelledError):
        call.result()
    assert not any(map(is_running, pids))
    assert not any(thread.is_alive() for thread in started)
    assert not pool.is_alive(1.0)
    with pytest.raises(RuntimeError, match="closed"):
        pool.read(jobs("LiCl"))


def test_a_parent_killed_leaves_no_processes() -> None:
    script = (
        "from features.structure_pool import StructurePool, StructureJob\n"
        "from tests.features.pool_readers import obey\n"
        "import time\n"
        "if __name__ == '__main__':\n"
        "    pool = StructurePool(2, time_limit_s=5, reader=obey)\n"
        "    print(*[s.process.ping().result(60) for s in pool._slots], flush=True)\n"
        "    pool.submit([StructureJob('hang', 'cif')])\n"
        "    time.sleep(0.5)\n"
        "    print('hanging', flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert parent.stdout.readline() == "hanging\n"
    assert len(pids) == 2
    assert all(map(is_running, pids))
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(map(is_running, pids)))


@pytest.mark.parametrize(("count", "seconds", "size"), [(0, 5, 1), (1, 0, 1), (1, 5, 0)])
def test_limits_that_leave_nothing_to_run_are_refused(
    count: int, seconds: float, size: int
) -> None:
    with pytest.raises(ValueError, match="at least one process"):
        StructurePool(count, time_limit_s=seconds, memory_limit_bytes=size)
