"""The files for a cluster in examples/cluster: their syntax, and that they name what there is."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from viewra.cli._main import group
from viewra.cli.scan import command as scan
from viewra.host.workers.choice import parse_engine

yaml = pytest.importorskip("yaml", reason="PyYAML, which comes with dask, is not installed")
FILES = Path(__file__).resolve().parents[2] / "examples" / "cluster"
TLS_ROLES = {"scheduler", "worker", "client"}


def unit(name: str) -> dict[str, list[tuple[str, str]]]:
    """The settings of a unit by section; a key may come several times."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in (FILES / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(header[1], [])
            continue
        key, separator, value = line.partition("=")
        assert separator and re.fullmatch(r"[A-Z]\w+", key), line  # noqa: PT018
        section.append((key, value))
    return sections


def test_compose_services_share_one_image_and_mount_the_library_at_one_path() -> None:
    found: dict[str, Any] = yaml.safe_load((FILES / "compose.yaml").read_text())
    services = found["services"]
    assert set(services) == {"scheduler", "worker", "scan"}
    for service in services.values():
        assert (FILES / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service["volumes"]:
            source, _, _ = volume.partition(":")
            assert source.startswith("./") or source in found["volumes"]
        roles = {key.split("__")[-2].lower() for key in service["environment"] if key.endswith("__CERT")}
        assert roles == TLS_ROLES
    mounted = [{one.split(":")[1] for one in services[name]["volumes"]} for name in ("worker", "scan")]
    assert "/music" in mounted[0] & mounted[1]


def test_the_scan_is_a_command_that_viewra_knows() -> None:
    found = yaml.safe_load((FILES / "compose.yaml").read_text())
    argv = found["services"]["scan"]["entrypoint"]
    assert argv[:2] == ["viewra", "scan"]
    context = scan.make_context("scan", argv[2:], resilient_parsing=True, **group.context_settings)
    assert parse_engine(context.params["chosen"]).host == "scheduler"


def test_dasks_configuration_has_a_certificate_for_each_role() -> None:
    found = yaml.safe_load((FILES / "dask.yaml").read_text())
    tls = found["distributed"]["comm"]["tls"]
    assert {role for role in tls if role != "ca-file"} == TLS_ROLES
    assert found["distributed"]["comm"]["require-encryption"] is True


@pytest.mark.parametrize("name", ["viewra-scheduler.service", "viewra-worker.service"])
def test_units_start_dask_with_tls_and_again_when_it_ends(name: str) -> None:
    sections = unit(name)
    assert set(sections) == {"Unit", "Service", "Install"}
    service = dict(sections["Service"])
    program, role, *more = shlex.split(service["ExecStart"])
    assert (Path(program).name, role) == ("dask", name.removeprefix("viewra-").removesuffix(".service"))
    assert "tls" in " ".join(more)
    assert service["Restart"] == "always"
    assert configparser.ConfigParser(strict=False, interpolation=None).read(FILES / name)
