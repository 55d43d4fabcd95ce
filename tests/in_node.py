"""Run a function of a page's script in Node.js, where that is installed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "book" / "_static"


def run_in_node(script, code, given):
    """Return what a JavaScript expression of ``page``, the script, and ``given`` gives."""
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js is not installed")
    program = f"""const page = require({json.dumps(str(STATIC / script))});
        const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify({code}));"""
    ran = subprocess.run(
        [node, "-e", program], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)
