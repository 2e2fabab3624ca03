#!/usr/bin/env bash
# Builds derm with CUDA and cuDNN on a machine that has neither, nor a GPU: to see that it compiles and links.
#
# usage: cuda_build.sh FOLDER [CARGO ARGUMENT...]        by default: build --release --locked --features cuda,cudnn
#
# FOLDER gets a toolkit of some 3 GB, made of NVIDIA's Python packages (no system package and no root is needed), and
# FOLDER/target what is built. Runs again on what is there. The driver's libcuda.so.1 is in no such package: a library
# with its names and nothing in them stands in for linking, so that what was built runs only where there is a driver.
# Versions are 13.0's, which is the oldest that has compilers for Debian 12 and newer, and whose PTX any driver from 580 on loads.
set -euo pipefail

folder=$(realpath -m "${1:?usage: cuda_build.sh FOLDER [CARGO ARGUMENT...]}")
shift
repository=$(realpath "$(dirname "$0")/..")
mkdir -p "$folder"

if [ ! -x "$folder/python/bin/pip" ]; then
    python3 -m venv "$folder/python"
fi
"$folder/python/bin/pip" install --quiet --disable-pip-version-check \
    "nvidia-cuda-nvcc==13.0.*" "nvidia-cuda-crt==13.0.*" "nvidia-cuda-runtime==13.0.*" "nvidia-cuda-cccl==13.0.*" \
    "nvidia-nvvm==13.0.*" "nvidia-cuda-nvrtc==13.0.*" "nvidia-cublas==13.0.*" "nvidia-curand<10.5" "nvidia-cudnn-cu13==9.*"
packages=$("$folder/python/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nvidia
toolkit=$packages/cu13

# Linkers look for names without versions, nvcc for lib64.
ln -sfn lib "$toolkit/lib64"
for library in "$toolkit"/lib/lib*.so.* "$packages"/cudnn/lib/lib*.so.*; do
    ln -sf "$(basename "$library")" "${library%%.so.*}.so"
done

export CUDA_HOME=$toolkit NVCC=$toolkit/bin/nvcc PATH=$toolkit/bin:$PATH
export CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-80} CUDARC_CUDA_VERSION=13000
export CUDNN_LIB=$packages/cudnn/lib LIBRARY_PATH=$folder/driver:$toolkit/lib:$packages/cudnn/lib
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$folder/target}

if [ ! -e "$folder/driver/libcuda.so" ]; then
    mkdir -p "$folder/driver"
    cargo fetch --locked --manifest-path "$repository/Cargo.toml"
    source=$(cargo metadata --format-version 1 --locked --manifest-path "$repository/Cargo.toml" --features cuda |
        "$folder/python/bin/python" -c 'import json, sys
print(next(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "cudarc"))')
    grep -rhoE 'fn cu[A-Z][A-Za-z0-9_]*' "$(dirname "$source")/src/driver/sys" | sort -u |
        sed 's/^fn \(.*\)$/void \1(void) {}/' >"$folder/driver/names.c"
    cc -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$folder/driver/libcuda.so.1" "$folder/driver/names.c"
    ln -sf libcuda.so.1 "$folder/driver/libcuda.so"
fi

cd "$repository"
if [ $# -eq 0 ]; then
    set -- build --release --locked --features cuda,cudnn
fi
exec cargo "$@"
