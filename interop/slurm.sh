#!/usr/bin/env bash
# derm against a real Slurm on this machine: interop/slurm.sh DERM [FOLDER]
#
# Starts a cluster of one node (interop/slurm_cluster.sh: Linux, root; installs Debian's packages if they are missing), runs pipelines
# on it, and ends it. Exit status 3: this machine does not allow Slurm, and the reason is printed.
set -euo pipefail
set +m
[ $# -ge 1 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
work=${2:-$(mktemp -d)}
mkdir -p "$work/bin"; work=$(cd "$work" && pwd)
# By its own name, for the jobs that look for it.
cp "$1" "$work/bin/derm"; derm=$work/bin/derm

"$here/slurm_cluster.sh" start "$work/cluster" > "$work/how"
. "$work/how"
trap '"$here/slurm_cluster.sh" stop "$work/cluster"' EXIT
unset DERM_STAGE DERM_ROOT
export NO_COLOR=1 SHELL=/bin/bash

say() { printf '   %s\n' "$*"; }
failed() { printf 'FAILED: %s\n' "$*" >&2; [ -f err ] && sed 's/^/  | /' err >&2; squeue --states=all --array >&2; tail -20 "$work/cluster/slurmctld.log" >&2; exit 1; }
same() { [ "$1" = "$2" ] || failed "$3: \`$1\` instead of \`$2\`"; }
says() { grep -qF -- "$1" err || failed "it does not say \`$1\`"; }
until_true() { local what=$1; shift; for _ in $(seq 600); do "$@" && return; sleep 0.1; done; failed "$what"; }
exists() { [ -e "$1" ]; }
queue_is_empty() { [ -z "$(squeue --noheader)" ]; }
state_of() { scontrol show job "$1" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | head -1; }
# Runs derm repro with these arguments; $1 is the exit status that it must have.
repro() { local want=$1 code=0; shift; "$derm" repro "$@" > out 2> err || code=$?; same "$code" "$want" "exit status of repro $*"; }
fresh() { mkdir -p "$work/$1/pipelines"; cd "$work/$1"; "$derm" init > /dev/null; cat > pipelines/p.yaml; }
only_once() { same "$(ls .derm/tmp/jobs 2>/dev/null | wc -l)" 0 "job folders left"; same "$(ls .derm/tmp/aside 2>/dev/null | wc -l)" 0 "old outputs aside"; }

echo "== over Slurm's time limit (goes on in the background: Slurm counts in minutes)"
fresh limit <<'YAML'
stages:
  s:
    cmd: echo begins; sleep 600
    executor: {slurm: {time: 1}}
YAML
limit_began=$SECONDS
(code=0; "$derm" repro > out 2> err || code=$?; echo $code > code) &
limit=$!

echo "== three stages, one of them here"
fresh three <<'YAML'
stages:
  first:
    cmd:
      - echo "$SLURM_CPUS_PER_TASK $SLURM_MEM_PER_NODE $SLURM_GPUS_ON_NODE $SLURM_JOB_PARTITION" > asked.txt
      - cd /; echo elsewhere
      - pwd > where.txt; test "$(command -v derm)" = "$WANT" && echo "$DERM_STAGE $COLOUR $LOADED" > env.txt
      - echo to-stderr >&2
    deps: [in.txt]
    outs: [asked.txt, where.txt, env.txt]
    env: {COLOUR: "it's brown"}
    resources: {cpus: 2, memory: 200MiB, gpus: 1}
    timeout: 5m
    executor:
      slurm:
        partition: long
        setup: |
          load() { export LOADED=yes; PATH=/usr/bin:/bin; }
          load
  second:
    cmd: cat env.txt in.txt > second.txt
    deps: [env.txt, in.txt]
    outs: [second.txt]
  third:
    wdir: below
    cmd: cp ../second.txt third.txt
    deps: [../second.txt]
    outs: [third.txt]
    executor: slurm
YAML
mkdir below; echo 1 > in.txt
WANT=$derm repro 0
same "$(cat asked.txt)" "2 200 1 long" "what Slurm was asked for"
same "$(cat where.txt)" "$PWD" "the folder of the third line"
same "$(cat below/third.txt)" "$(printf "first it's brown yes\n1")" "the last output"
says to-stderr; says "\`first\` is Slurm job"; says "> cd /; echo elsewhere"
job=$(sed -n 's/.*`first` is Slurm job //p' err)
WANT=$derm repro 0
grep -q "everything is up to date" out || failed "a second run finds something to do"
only_once
say "job $job ran and streamed; a second run has nothing to do"

echo "== an array of eight"
fresh array <<'YAML'
stages:
  fold:
    foreach: [0, 1, 2, 3, 4, 5, 6, 7]
    do:
      cmd: echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT" > fold-${item}.txt; sleep 1
      outs: ["fold-${item}.txt"]
      executor: slurm
YAML
repro 0 -j 8
same "$(cut -d' ' -f1,3 fold-*.txt | sort | uniq -c | sed 's/^ *\(8\) [0-9]* /\1 /')" "8 8" "tasks of one array"
same "$(cut -d' ' -f2 fold-*.txt | tr '\n' ' ')" "0 1 2 3 4 5 6 7 " "task N runs stage N"
only_once
say "one job of 8 tasks: $(cut -d' ' -f1 fold-0.txt)"

echo "== a failing job"
fresh fails <<'YAML'
stages:
  s:
    cmd:
      - cp in.txt out.txt
      - echo some last words; test "$(cat in.txt)" = good || exit 7
      - echo never > never.txt
    deps: [in.txt]
    outs: [out.txt]
    executor: slurm
YAML
echo good > in.txt; repro 0; echo bad > in.txt; repro 1
says "stage \`s\` failed: exit status 7"; says "the command was \`echo some last words;"; says "some last words"
same "$(cat out.txt)" good "the old output"
only_once; say "exit status, command and last words are shown, the old output is back"

echo "== longer than its timeout, and more than its memory"
fresh limits <<'YAML'
stages:
  slow:
    cmd: echo half > slow.txt; sleep 600
    outs: [slow.txt]
    timeout: 3s
    executor: slurm
  hungry:
    cmd: python3 -c 'import time; x = bytearray(900 << 20); x[::4096] = b"1" * len(x[::4096]); time.sleep(60)'
    resources: {memory: 50MB}
    executor: slurm
YAML
repro 1 slow; says "stopped after its timeout of 3.0 s"
[ ! -e slow.txt ] || failed "half an output is left"
repro 1 hungry; says "its job ran out of memory"; says "give it more with"
only_once; say "both are said so"

echo "== Ctrl-C"
fresh interrupt <<'YAML'
stages:
  s:
    cmd: cp in.txt out.txt; echo "$SLURM_JOB_ID" > id.tmp; mv id.tmp id; test "$(cat in.txt)" = quick || sleep 600
    deps: [in.txt]
    outs: [out.txt]
    executor: slurm
YAML
echo quick > in.txt; repro 0; rm id; echo slow > in.txt
"$derm" repro > out 2> err & pid=$!
until_true "the job starts" exists id
kill -INT $pid; code=0; wait $pid || code=$?
same "$code" 130 "exit status after Ctrl-C"
same "$(state_of "$(cat id)")" CANCELLED "the state of job $(cat id)"
same "$(cat out.txt)" quick "the old output"
only_once; say "job $(cat id) is cancelled, the old output is back"

echo "== kill -9, then repro goes on with the job"
fresh kill <<'YAML'
stages:
  s:
    cmd: echo start >> runs; echo "$SLURM_JOB_ID" > id; for i in $(seq 300); do test -e go && break; sleep 0.1; done; cp in.txt out.txt; echo went on
    deps: [in.txt]
    outs: [out.txt]
    executor: slurm
YAML
echo 1 > in.txt; echo mine > out.txt
"$derm" repro > out 2> err & pid=$!
until_true "the job starts" exists id
{ kill -9 $pid; wait $pid; } 2>/dev/null || true
# Something else in between must leave the job alone.
"$derm" status > /dev/null
(sleep 1; touch go) &
repro 0
says "is Slurm job $(cat id), which an earlier run had submitted"; says "went on"
same "$(wc -l < runs)" 1 "runs of the command"; same "$(cat out.txt)" 1 "the output"
only_once; say "job $(cat id) was taken up again; its command ran once"

echo "== kill -9 and the job ends meanwhile; kill -9 and the inputs change"
rm -f runs id; echo 2 > in.txt
"$derm" repro > out 2> err & pid=$!
until_true "the job starts" exists id
{ kill -9 $pid; wait $pid; } 2>/dev/null || true
touch go; until_true "the job ends alone" exists .derm/tmp/jobs/*/0/status
repro 0; says "which an earlier run had submitted"
same "$(wc -l < runs)" 1 "runs of the command"; same "$(cat out.txt)" 2 "the output"
rm -f runs id go; echo 3 > in.txt
"$derm" repro > out 2> err & pid=$!
until_true "the job starts" exists id
{ kill -9 $pid; wait $pid; } 2>/dev/null || true
old=$(cat id); rm id; echo 4 > in.txt; touch go
repro 0; says "it is of other inputs"
same "$(cat out.txt)" 4 "the output"; [ "$old" != "$(cat id)" ] || failed "the old job was taken"
only_once; say "a finished job counts; job $old of other inputs was cancelled"

echo "== kill -9 at ten moments of submitting"
for n in 0 1 2 3 4 5 6 7 8 9; do
    echo "round $n" > in.txt
    "$derm" repro > out 2> err & pid=$!
    sleep "0.0$((n * 9 + 10))"
    { kill -9 $pid; wait $pid; } 2>/dev/null || true
    repro 0
    same "$(cat out.txt)" "round $n" "the output after kill $n"
    only_once
done
say "each time the next run ended well"

echo "== a job that is started again, and one that somebody cancels"
fresh again <<'YAML'
stages:
  s:
    cmd: test ! -e out.txt && echo half > out.txt; echo "$SLURM_JOB_ID" > id; test -e once || { touch once; sleep 600; }; echo "$SLURM_RESTART_COUNT" > out.txt
    outs: [out.txt]
    executor: slurm
  t:
    cmd: echo "$SLURM_JOB_ID" > id2; sleep 600
    executor: slurm
YAML
"$derm" repro s > out 2> err & pid=$!
until_true "the job starts" exists once
scontrol requeue "$(cat id)"
# Slurm lets a job that was requeued wait for two minutes; not here. Within a second its node would refuse it as killed.
sleep 3
release() { scontrol update JobId="$(cat id)" StartTime=now 2>/dev/null; [ -s out.txt ] && [ "$(cat out.txt)" != half ]; }
until_true "the job starts again" release
code=0; wait $pid || code=$?
same "$code" 0 "exit status"; says "runs again on"
same "$(cat out.txt)" 1 "the number of restarts"
"$derm" repro t > out 2> err & pid=$!
until_true "the job starts" exists id2
scancel "$(cat id2)"; code=0; wait $pid || code=$?
same "$code" 1 "exit status"; says "its job was cancelled"
only_once; say "what the first start left was removed; a cancelled job is said so"

echo "== refused by Slurm, and no Slurm"
fresh refused <<'YAML'
stages:
  s:
    cmd: echo 1 > out.txt
    outs: [out.txt]
    executor: {slurm: {partition: nowhere}}
  before:
    cmd: echo 1 > before.txt
    outs: [before.txt]
YAML
repro 1 s; says "Slurm did not take stage \`s\`"; says "nowhere"
mkdir -p bin; ln -sf "$(command -v bash)" "$(command -v git)" bin/
code=0; PATH=$PWD/bin "$derm" repro > out 2> err || code=$?
same "$code" 2 "exit status without sbatch"; says "there is no \`sbatch\` on this machine"
[ ! -e before.txt ] || failed "something ran"
only_once; say "said so before anything runs"

echo "== over Slurm's time limit: waiting for it"
wait $limit || true
cd "$work/limit"
same "$(cat code)" 1 "exit status"; says "its job was ended at its time limit"; says "begins"
only_once; say "said so after $((SECONDS - limit_began)) s"
until_true "nothing is left in the queue" queue_is_empty
echo "slurm: all as it should be, with $(sbatch --version) in $SECONDS s"
