#!@SHELL@
# Rumpfarm agent of @DIR@, made by "agent.sh install"; the app Termux:Boot runs it.
termux-wake-lock
PATH=@PATH@ RUMPFARM_SHELL=@SHELL@ RUMPFARM_LOG=@DIR@/agent.log
export PATH RUMPFARM_SHELL RUMPFARM_LOG
nohup @SHELL@ @DIR@/agent.sh run </dev/null >/dev/null 2>&1 &
