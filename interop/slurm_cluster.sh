#!/usr/bin/env bash
# A Slurm cluster of one node on this machine, below one folder, for tests.
#
#   interop/slurm_cluster.sh start FOLDER    installs Slurm if it is missing (Debian, root), starts the cluster, prints `export SLURM_CONF=...`
#   interop/slurm_cluster.sh stop FOLDER     ends it
#
# It listens on the loopback interface alone and has a munge key of its own. The node claims 8 CPUs, 4 GB and 2 GPUs whatever
# there is, so that jobs run side by side. No cgroups, no systemd, no accounting: processes are tracked through /proc. Needs root,
# because slurmd changes to the user of a job. Exit status 3: this machine does not allow it, and the reason is printed.
set -euo pipefail

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
forbidden() { echo "no Slurm on this machine: $*" >&2; exit 3; }

case "${1-}" in start|stop) ;; *) usage ;; esac
[ -n "${2-}" ] || usage
mkdir -p "$2"
folder=$(cd "$2" && pwd)

# Ends a process that a pid file names, if its command is the one expected, and waits for its end.
end() {
    local pid
    pid=$(cat "$folder/$1.pid" 2>/dev/null) || return 0
    if [ -r "/proc/$pid/comm" ] && [[ $(cat "/proc/$pid/comm") == "$1"* ]]; then
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 100); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
    fi
    rm -f "$folder/$1.pid"
}

stop() {
    if [ -f "$folder/slurmctld.pid" ]; then
        # Jobs first: slurmd leaves them running when it ends.
        SLURM_CONF=$folder/slurm.conf timeout 10 scancel --full --user "$(id -un)" 2>/dev/null || true
        for _ in $(seq 50); do
            [ -z "$(SLURM_CONF=$folder/slurm.conf timeout 10 squeue --noheader 2>/dev/null)" ] && break
            sleep 0.1
        done
    fi
    end slurmd; end slurmctld; end munged
}

if [ "$1" = stop ]; then stop; exit 0; fi

[ "$(uname -s)" = Linux ] || forbidden "it needs Linux"
[ "$(id -u)" = 0 ] || forbidden "it needs root"
for tool in munged slurmctld slurmd sbatch; do
    command -v "$tool" >/dev/null && continue
    command -v apt-get >/dev/null || forbidden "$tool is missing, and there is no apt-get to install it with"
    echo "installing slurm-wlm and munge" >&2
    # Their services must not start by themselves.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' > $policy; chmod +x $policy; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; fi
    { timeout 120 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq --no-install-recommends slurm-wlm munge; } \
        > "$folder/install.log" 2>&1 || forbidden "installing slurm-wlm and munge failed: $(tail -1 "$folder/install.log")"
    break
done

stop
rm -rf "$folder/state" "$folder/spool" "$folder/munge"
mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
chmod 700 "$folder/munge" "$folder/state"
(umask 077; dd if=/dev/urandom of="$folder/munge/key" bs=1024 count=1 status=none)
host=$(hostname -s)
# Two ports that nobody listens on now.
read -r control node < <(python3 - <<'PY'
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))
PY
)
memory=4000

cat > "$folder/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$control
SlurmdPort=$node
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=10000,bf_interval=1
ReturnToService=2
KillWait=5
InactiveLimit=0
MinJobAge=300
MailProg=/bin/true
GresTypes=gpu
SlurmdParameters=config_overrides
DefMemPerNode=256
NodeName=$host NodeAddr=127.0.0.1 NodeHostname=$host CPUs=8 RealMemory=$memory Gres=gpu:2 State=UNKNOWN
PartitionName=short Nodes=$host Default=YES MaxTime=60 State=UP
PartitionName=long Nodes=$host MaxTime=INFINITE State=UP
CONF
# Devices that nobody opens: without cgroups Slurm only counts them.
touch "$folder/gpu0" "$folder/gpu1"
echo "Name=gpu File=$folder/gpu[0-1]" > "$folder/gres.conf"
export SLURM_CONF=$folder/slurm.conf

munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" > "$folder/munged.log" 2>&1 \
    || forbidden "munged does not start: $(tail -1 "$folder/munged.log")"
slurmctld -c > "$folder/slurmctld.start" 2>&1 || forbidden "slurmctld does not start: $(tail -1 "$folder/slurmctld.start")"
slurmd -c -N "$host" > "$folder/slurmd.start" 2>&1 || forbidden "slurmd does not start: $(tail -1 "$folder/slurmd.start")"
for _ in $(seq 300); do
    [ "$(timeout 10 sinfo --noheader --format=%T --nodes="$host" 2>/dev/null | sort -u)" = idle ] && { echo "export SLURM_CONF=$SLURM_CONF"; exit 0; }
    sleep 0.1
done
why="$(timeout 10 sinfo --noheader --format='%T %E' 2>&1 | sort -u | tail -1); slurmd says: $(grep -i error "$folder/slurmd.log" | tail -1); slurmctld says: $(grep -i error "$folder/slurmctld.log" | tail -1)"
stop
forbidden "its node does not come up: $why"
