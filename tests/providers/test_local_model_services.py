"""Local models are an administrator's to stop, remove and fetch again; each decision is in the audit chain."""

from __future__ import annotations

import pytest

from apps.core.errors import NotFound
from apps.governance.models import AuditEvent, User
from apps.governance.services import NotAllowed
from apps.providers.local import state
from apps.providers.local.catalogue import SMALL
from apps.providers.local.state import Wish
from apps.providers.services import local_model_cancel, local_model_fetch, local_model_remove

pytestmark = pytest.mark.django_db

SERVICES = [local_model_cancel, local_model_remove, local_model_fetch]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.NOFX_HOME = tmp_path
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def admin():
    return User.objects.create_superuser(username="root", password="correct horse battery")


@pytest.fixture
def engineer():
    return User.objects.create_user(username="engineer", password="correct horse battery")


def test_an_administrator_stops_fetching(admin, folder):
    local_model_cancel(name=SMALL.name, actor=admin)
    assert state.wish_of(folder, SMALL.name) is Wish.CANCEL
    assert AuditEvent.objects.get().action == "local_model.cancel"


def test_removing_deletes_the_file_at_once_whether_or_not_anything_runs(admin, folder):
    (folder / SMALL.filename).write_bytes(b"model")
    (folder / f"{SMALL.filename}.part").write_bytes(b"half")
    local_model_remove(name=SMALL.name, actor=admin)
    assert [path.name for path in folder.iterdir()] == [f"{SMALL.name}.remove"]
    assert state.wish_of(folder, SMALL.name) is Wish.REMOVE


def test_fetching_takes_both_wishes_back(admin, folder):
    local_model_cancel(name=SMALL.name, actor=admin)
    local_model_remove(name=SMALL.name, actor=admin)
    local_model_fetch(name=SMALL.name, actor=admin)
    assert state.wish_of(folder, SMALL.name) is None
    assert AuditEvent.objects.count() == 3


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_else_may(service, engineer, folder):
    (folder / SMALL.filename).write_bytes(b"model")
    with pytest.raises(NotAllowed):
        service(name=SMALL.name, actor=engineer)
    assert [path.name for path in folder.iterdir()] == [SMALL.filename]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ["unknown", "../../etc/passwd", ""])
def test_only_models_of_the_catalogue_can_be_named(service, name, admin, folder):
    with pytest.raises(NotFound):
        service(name=name, actor=admin)
    assert list(folder.iterdir()) == []
