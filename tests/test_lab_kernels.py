"""The kernels of `structopt-widgets lab`: what compiled libraries say stays out of the notebook."""

from __future__ import annotations

import os

import pytest
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from jupyter_client.manager import KernelManager

from structopt_widgets.lab_kernels import QUIET, QuietKernels

# A thread of ipykernel's passes on what libraries say.
SAYING = "import os, sys, time; os.write(2, b'from a library'); time.sleep(0.5); print('from Python', file=sys.stderr)"


def test_a_kernel_is_told_once() -> None:
    spec = QuietKernels().get_kernel_spec(NATIVE_KERNEL_NAME)
    assert spec.argv.count(QUIET) == 1


@pytest.mark.slow
@pytest.mark.parametrize("specs", [None, QuietKernels()])
def test_python_is_heard_and_a_library_is_not(specs: QuietKernels | None) -> None:
    manager = KernelManager(kernel_name=NATIVE_KERNEL_NAME, **({} if specs is None else {"kernel_spec_manager": specs}))
    # In a test's kernel ipykernel hears nothing of libraries by itself.
    manager.start_kernel(env={name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"})
    client = manager.client()
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(60)
        client.execute_interactive(
            SAYING, timeout=60, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    text = "".join(said)
    assert "from Python" in text
    assert ("from a library" in text) == (specs is None)
