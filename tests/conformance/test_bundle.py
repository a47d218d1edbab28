"""bundle.md and glossary.md: where the configuration is, and how it is written."""

import json

import pytest

from requirements import requirement, untested

untested("bundle.md#container-format", "MUST",
         "the configuration and the root file system are in one directory on the local file system",
         "it binds who makes the bundle; config.md lets the path of the root lead elsewhere")


@requirement("bundle.md#container-format", "REQUIRED", "a bundle without the configuration is no bundle")
@requirement("bundle.md#container-format", "MUST", "the configuration is in the root of the bundle")
@requirement("bundle.md#container-format", "MUST", "the file's name is `config.json`")
@pytest.mark.parametrize("name", [None, "Config.json", "config.yaml", "rootfs/config.json"])
def test_the_configuration_is_where_it_must_be(runtime, bundle, name):
    bundle.write()
    if name:
        (bundle.path / "config.json").rename(bundle.path / name)
    else:
        (bundle.path / "config.json").unlink()
    assert runtime.call("create", "--bundle", bundle.path, runtime.new_id()).status != 0
    assert runtime.ids() == []


def write(bundle, data):
    """config.json as these bytes."""
    bundle.write()
    (bundle.path / "config.json").write_bytes(data)


def run(runtime, bundle):
    return runtime.call("run", "--bundle", bundle.path, runtime.new_id())


@requirement("glossary.md#json", "MUST", "the configuration is in UTF-8")
def test_utf_8_is_read_as_such(runtime, bundle):
    bundle.sh("printf %s \"$WORD\"").env(WORD="箱☃é")
    write(bundle, json.dumps(bundle.config, ensure_ascii=False).encode())
    assert run(runtime, bundle).out == "箱☃é"


@requirement("glossary.md#json", "MUST", "the configuration is in UTF-8")
@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
@pytest.mark.hako_only
def test_another_encoding_is_refused(runtime, bundle, encoding):
    bundle.sh("true").env(WORD="é")
    write(bundle, json.dumps(bundle.config, ensure_ascii=False).encode(encoding))
    assert run(runtime, bundle).status != 0


@requirement("glossary.md#json", "MUST NOT", "no object has one name twice")
@pytest.mark.hako_only
def test_a_name_that_is_there_twice_is_refused(runtime, bundle):
    text = json.dumps(bundle.config)
    write(bundle, text.replace('"hostname"', '"hostname": "other", "hostname"', 1).encode())
    assert run(runtime, bundle).status != 0
