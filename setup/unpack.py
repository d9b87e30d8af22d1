"""Unpacks the libraries and headers of wheels, and nothing else.

usage: unpack.py {cpu|cuda} WHEELS TARGET
"""

import pathlib
import sys
import zipfile

kind, wheels, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])

# Libraries of the CUDA half, of Python, and of tools; the CPU half runs without them.
NOT_ON_CPU = ("libtorch_cuda", "libc10_cuda", "libcaffe2_nvrtc", "libtorch_nvshmem", "libtorch_python", "libshm")
# Of the CUDA wheels, the CPU half is linked against these two.
CPU_NEEDS = ("libcudart.so", "libcupti.so")


def wanted(name: str) -> bool:
    file = name.rsplit("/", 1)[-1]
    if name.startswith("torch/"):
        if name.startswith("torch/include/") or name.startswith("torch/share/"):
            return True
        return name.startswith("torch/lib/") and (kind == "cuda" or not file.startswith(NOT_ON_CPU))
    is_library = ".so" in file
    return is_library and (kind == "cuda" or file.startswith(CPU_NEEDS))


for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and wanted(entry.filename):
                archive.extract(entry, target)
(target / "torch" / "build-version").write_text("2.11.0\n")
