#!/usr/bin/env bash
# A sweep of twelve configurations of pipelines/skin.yaml on `synthetic`, two at once, ended early by ASHA: once whole, once killed with
# SIGKILL twice and resumed. Both must end with the same table.
#
#     interop/sweep.sh target/release/derm
#
# Wants an optimised binary (some five seconds of one core for each configuration), and git.
set -euo pipefail
derm=$(realpath "$1")
repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

project() { # FOLDER
    mkdir -p "$1/pipelines" && cd "$1"
    git init -q && git config user.name Test && git config user.email test@example.org
    "$derm" init -q > /dev/null
    cp "$repository/pipelines/skin.yaml" pipelines/ && cp "$repository/params.yaml" .
    "$derm" params set data.images=240 data.size=32 train.image_size=32 train.epochs=4 train.patience=4 > /dev/null
    git add -A && git commit -qm start
}

search=(-S 'train.lr=loguniform(1e-4,3e-2)' -S train.optimizer=adamw,sgd -S train.class_weights=balanced,none
    --metric reports/evaluation/metrics.json:balanced_accuracy --goal max --trials 12 --startup 4 --search tpe
    --stop 'asha(min=1,eta=2,max=4)' --watch val_balanced_accuracy --name skin -j 2 evaluate)

ended() { grep -c '"event":"ended"' .derm/sweeps/skin/trials.jsonl 2> /dev/null || true; }

project "$work/whole"
time "$derm" sweep "${search[@]}"

project "$work/killed"
for goal in 3 7; do
    "$derm" sweep -q "${search[@]}" > /dev/null 2>&1 &
    pid=$!
    until [ "$(ended)" -ge "$goal" ] || ! kill -0 $pid 2> /dev/null; do sleep 0.05; done
    sleep 0.4
    kill -KILL $pid && echo "killed with $(ended) of 12 ended"
    wait $pid 2> /dev/null || true
done
"$derm" sweep --resume skin -q -j 2 > /dev/null

table() { "$derm" --cd "$1" sweep show skin --md; }
diff <(table "$work/whole") <(table "$work/killed") && echo "the same table"
