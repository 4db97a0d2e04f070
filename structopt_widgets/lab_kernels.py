"""The kernels of the JupyterLab that `structopt-widgets lab` starts."""

from __future__ import annotations

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

# TensorFlow's libraries write lines of their start into the process's own standard error, whatever TF_CPP_MIN_LOG_LEVEL
# says, and ipykernel shows them under the first cell that imports Keras. Without this they go to the terminal, as do
# those of other compiled code. What Python prints, warns of and raises stays in the notebook.
QUIET = "--IPKernelApp.capture_fd_output=False"


class QuietKernels(KernelSpecManager):
    """Finds kernels as usual; a Python kernel shows what Python says, and not what compiled libraries do."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel's specification, with one option more for ipykernel."""
        spec = super().get_kernel_spec(kernel_name)
        if "ipykernel_launcher" in spec.argv:
            spec.argv = [*spec.argv, QUIET]
        return spec
