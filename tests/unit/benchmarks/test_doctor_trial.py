"""The doctor's trial: wards, patients, what is counted, and a run from end to end in small."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from benchmarks.cells import Choice, Job, store
from benchmarks.doctor import clinic, trial
from benchmarks.doctor.patients import BATCH, FAULTS, HEALTHY, Patient
from benchmarks.doctor.wards import WARDS, Rows
from benchmarks.toy import VARIANTS


def test_wards_are_the_same_for_the_same_seed_and_no_row_is_held_out_and_trained_on():
    for make in WARDS.values():
        one, again, other = make(1), make(1), make(2)
        assert torch.equal(one.train, again.train) and not torch.equal(one.train, other.train)
        rows = {row.numpy().tobytes() for row in one.train}
        assert not any(row.numpy().tobytes() in rows for row in one.held_out)
        assert one.classes == (10 if one.name == "garments" else 4) and len(one.labels) == len(one.train)
        assert one.scale.shape == one.train.shape[1:] and bool((one.scale > 0).all())


def test_a_source_goes_on_where_it_stood():
    rows = {"image": torch.arange(100.0).reshape(100, 1)}
    source = Rows(rows, 5, seed=3)
    next(source)
    kept = source.state_dict()
    expected = next(source)["image"]
    other = Rows(rows, 5, seed=9)
    other.load_state_dict(kept)
    assert torch.equal(next(other)["image"], expected)


def test_every_fault_can_be_made_and_differs_from_the_patient_without_it():
    assert len(FAULTS) >= 14 and len(HEALTHY) >= 30 and len({f.name for f in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert {p.ward for p in fault.patients} == set(WARDS) and fault.kind in ("training", "data", "code")
        patient = fault.patients[0]
        visit = fault.spoil(patient.visit(0))
        assert visit.game.players.keys() == {"D", "G"} and len(next(visit.source)["image"]) == BATCH
        well = fault.well(patient)
        assert fault.base is None or well.variant == fault.base


def test_the_interval_is_wilsons():
    low, high = trial.wilson(10, 10)
    assert low == pytest.approx(0.7225, abs=1e-4) and high == 1
    low, high = trial.wilson(5, 10)
    assert (low, high) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))
    assert trial.wilson(0, 0) == (0.0, 1.0)


def test_a_visit_is_played_looked_at_and_treated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clinic, "SAMPLES", 200)
    fault = FAULTS[0]
    visit = fault.spoil(fault.patients[1].visit(0))
    visit.rounds = 200
    case = clinic.examine(visit, treat=True)
    looks = [e for e in case.events if e["event"] == "evaluation"]
    assert all(sum(real for real, _ in e["modes"].values()) == pytest.approx(1) for e in looks)
    assert {"raw_kernel", "spread", "train_closer"} <= looks[0]["scores"].keys()
    assert len(case.told) == clinic.LOOKS and case.events[-1] == {"event": "done"}
    assert case.treated and case.treated[0].of == "divergence"
    kept = trial.kept(case)
    assert kept["coverage"] >= 0 and kept["total"] == 200 * BATCH and kept["treated"][0]["of"] == "divergence"


def asked(name: str, seed: int, treat: bool = False) -> Job:
    fault = next(f for f in FAULTS if f.name == name)
    return trial.job_of(fault.patients[0], seed, fault, treat)


def result(told, coverage=0.9, course=()):
    given = {"told": told, "coverage": coverage, "course": [*course, coverage]}
    return {**given, "total": 1_000, "scores": {}, "treated": [], "end": []}


def test_what_is_counted(tmp_path: Path):
    name = FAULTS[0].name
    jobs = [asked(name, seed) for seed in (11, 12, 13)]
    store(jobs[0], tmp_path, result([[100, [["underway", "well"]]], [200, [["divergence", "sick"]]]]))
    store(jobs[1], tmp_path, result([[100, [["stalled", "watch"]]], [300, [["mode-collapse", "sick"]]]]))
    store(jobs[2], tmp_path, result([[100, [["healthy", "well"]]]]))
    row = next(r for r in trial.detection(jobs, tmp_path).rows if r[0] == name)
    assert row[2:] == ["2 of 3", "1 of 3", "300 (30%)"]

    patient = Patient(VARIANTS["r3gan"])
    healthy = [trial.job_of(patient, i, name=f"run {i}") for i in range(4)]
    store(healthy[0], tmp_path, result([[100, [["healthy", "well"]]]]))
    store(healthy[1], tmp_path, result([[100, [["divergence", "sick"]]]]))
    store(healthy[2], tmp_path, result([[100, [["mode-collapse", "sick"]]]], coverage=0.1))
    store(healthy[3], tmp_path, result([[100, [["mode-dropping", "sick"]]]], course=[0.1, 0.0, 0.6, 0.4]))
    rows = trial.alarms(healthy, tmp_path).rows
    assert rows[0][0].startswith("run 1") and rows[-2][2].startswith("1 of 2") and rows[-1][2].startswith("2 of 2")


def test_recovery_counts_runs_that_were_sick(tmp_path: Path):
    fault = FAULTS[0]
    for seed, (left, cared) in enumerate([(0.1, 0.9), (0.1, 0.3), (0.85, 0.9)]):
        patient = fault.patients[0]
        for treat, covered in ((False, left), (True, cared)):
            store(asked(fault.name, seed, treat), tmp_path, result([], covered))
        store(trial.base_of(fault, patient, seed), tmp_path, result([], 0.9))
    jobs = [asked(fault.name, seed) for seed in range(3)]
    row = next(r for r in trial.recovery(jobs, tmp_path).rows if r[0] == fault.name)
    assert row[1] == "1 of 2" and row[2:] == [pytest.approx(0.1), pytest.approx(0.6), pytest.approx(0.9)]


def test_the_cells_of_the_trial_are_known_by_what_they_do():
    jobs = trial.jobs(False, Choice())
    faults = [job for job in jobs if job.stage != "healthy"]
    assert len({job.id for job in faults}) == len(faults) and {job.stage for job in faults} == {"faults", "recovery"}
    healthy = {job.id for job in jobs if job.stage == "healthy"}
    assert len(healthy) == len(trial.SEEDS) * (len(HEALTHY) + 3), "and the three of a generator that begins far away"
