// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_slurm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bench_server.h"
#include "cli/child.h"

#define READY_S 30
#define ASK_S   20

enum { MUNGED, CTLD, SLURMD, SBATCH };

static const char *const programs[] = {"munged", "slurmctld", "slurmd", "sbatch"};

static const char configuration[] =
    "ClusterName=bench\nSlurmctldHost=%s(127.0.0.1)\nSlurmctldPort=%d\nSlurmdPort=%d\nSlurmUser=%"
    "s\nSlurmdUser=%s\n"
    "AuthType=auth/munge\nCredType=cred/munge\nAuthInfo=socket=%s/munge/socket\nStateSaveLocation=%s/"
    "state\nSlurmdSpoolDir=%s/spool\n"
    "SlurmctldPidFile=%s/slurmctld.pid\nSlurmdPidFile=%s/"
    "slurmd.pid\nSlurmctldDebug=error\nSlurmdDebug=error\nPlugStackConfig=/dev/null\n"
    "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/"
    "none\nMpiDefault=none\nJobAcctGatherType=jobacct_gather/none\n"
    "AccountingStorageType=accounting_storage/none\nJobCompType=jobcomp/none\nSelectType=select/"
    "cons_tres\nSelectTypeParameters=CR_CPU\n"
    "SchedulerType=sched/"
    "builtin\nSchedulerParameters=sched_interval=1,sched_min_interval=2000,default_queue_depth=200,defer\n"
    "ReturnToService=2\nMaxJobCount=300000\nMaxArraySize=10001\nMinJobAge=2\nSlurmdParameters=config_"
    "overrides\nPropagateResourceLimits=NONE\n"
    "NodeName=node NodeHostname=%s NodeAddr=127.0.0.1 CPUs=64 State=UNKNOWN\n"
    "PartitionName=all Nodes=ALL Default=YES State=UP\nPartitionName=two Nodes=ALL MaxCPUsPerNode=2 "
    "State=UP\n"
    "PartitionName=closed Nodes=ALL State=DOWN\n";

// ---- start and stop

// A port that nobody has, below those that the kernel gives to outgoing connections.
static int free_port(void)
{
    for (int tries = 0; tries < 100; tries++) {
        uint16_t r = 0;
        int on = 1, port = -1;
        if (getrandom(&r, sizeof r, 0) != sizeof r)
            return -1;
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)(20000 + r % 10000)),
                                 .sin_addr.s_addr = htonl(INADDR_ANY)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
            port = ntohs(at.sin_port);
        if (fd >= 0)
            close(fd);
        if (port > 0)
            return port;
    }
    return -1;
}

static int write_key(const char *path, struct err *e)
{
    char key[128];
    int fd = getrandom(key, sizeof key, 0) == sizeof key
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    bool ok = fd >= 0 && write(fd, key, sizeof key) == sizeof key;
    if (fd >= 0)
        close(fd);
    return ok ? 0 : err_set(e, -EIO, "%s: %s", path, strerror(errno));
}

static int write_conf(struct slurm *s, struct err *e)
{
    char host[128] = "";
    const struct passwd *me = getpwuid(geteuid());
    int control = free_port(), node = free_port();
    if (gethostname(host, sizeof host - 1) < 0 || !me || control < 0 || node < 0 || control == node)
        return err_set(e, -EADDRNOTAVAIL,
                       "slurm.conf: no name of this host, no name of this user, or no free port");
    host[strcspn(host, ".")] = '\0';
    FILE *f = fopen(s->conf, "we");
    if (!f)
        return err_set(e, -errno, "%s: %s", s->conf, strerror(errno));
    fprintf(f, configuration, host, control, node, me->pw_name, me->pw_name, s->dir, s->dir, s->dir, s->dir,
            s->dir, host);
    return fclose(f) == 0 ? 0 : err_set(e, -errno, "%s: %s", s->conf, strerror(errno));
}

static int make_folder(struct slurm *s, struct err *e)
{
    static const struct {
        const char *name;
        mode_t mode;
    } inside[] = {{"munge", 0711}, {"state", 0700}, {"spool", 0755}};
    char path[300];
    const char *tmp = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%.200s/slurm.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir))
        return err_set(e, -errno, "%s: %s", s->dir, strerror(errno));
    chmod(s->dir, 0711); // munged and slurmd want to be reached through it
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        snprintf(path, sizeof path, "%s/%s", s->dir, inside[i].name);
        if (mkdir(path, inside[i].mode) < 0)
            return err_set(e, -errno, "%s: %s", path, strerror(errno));
    }
    snprintf(s->conf, sizeof s->conf, "%s/slurm.conf", s->dir);
    snprintf(s->conf_env, sizeof s->conf_env, "SLURM_CONF=%s", s->conf);
    snprintf(s->job, sizeof s->job, "%s/job.out", s->dir);
    return write_conf(s, e);
}

static int start_munged(struct slurm *s, struct err *e)
{
    char key[300], sock[300], pid[300], log[300], seed[300], out[300];
    snprintf(key, sizeof key, "--key-file=%s/munge/key", s->dir);
    snprintf(sock, sizeof sock, "--socket=%s/munge/socket", s->dir);
    snprintf(pid, sizeof pid, "--pid-file=%s/munge/pid", s->dir);
    snprintf(log, sizeof log, "--log-file=%s/munge/log", s->dir);
    snprintf(seed, sizeof seed, "--seed-file=%s/munge/seed", s->dir);
    snprintf(out, sizeof out, "%s/munged.out", s->dir);
    const char *argv[] = {s->program[MUNGED], "--foreground", "--force", key, sock, pid, log, seed, NULL};
    int r = write_key(strchr(key, '=') + 1, e);
    if (r < 0)
        return r;
    s->pid[MUNGED] = child_start(argv, NULL, out, e);
    for (double until = bench_now_s() + READY_S;
         s->pid[MUNGED] > 0 && access(strchr(sock, '=') + 1, F_OK) < 0;) {
        if (!child_alive(&s->pid[MUNGED]) || bench_now_s() > until)
            return err_set(e, -ETIMEDOUT, "munged: it did not start");
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return s->pid[MUNGED] < 0 ? (int)s->pid[MUNGED] : 0;
}

static int start_daemon(struct slurm *s, int which, struct err *e)
{
    char log[300];
    snprintf(log, sizeof log, "%s/%s.out", s->dir, programs[which]);
    const char *argv[] = {
        s->program[which], "-D", "-f", s->conf, which == SLURMD ? "-N" : NULL, "node", NULL};
    const char *env[] = {s->conf_env, NULL};
    s->pid[which] = child_start(argv, env, log, e);
    return s->pid[which] < 0 ? (int)s->pid[which] : 0;
}

static int ask(struct slurm *s, const char *const *argv, double limit_s, struct buf *out, struct err *e)
{
    const char *env[] = {s->conf_env, NULL};
    return command_output(argv, env, limit_s, out, e);
}

// The controller answers and its node is idle.
static int wait_ready(struct slurm *s, struct err *e)
{
    const char *argv[] = {"sinfo", "-h", "-p", "all", "-o", "%t", NULL};
    for (double until = bench_now_s() + READY_S; bench_now_s() < until;) {
        struct buf b;
        bool idle = ask(s, argv, 10, &b, e) == 0 && !strncmp(buf_str(&b), "idle", 4);
        buf_deinit(&b);
        if (idle)
            return 0;
        if (!child_alive(&s->pid[CTLD]) || !child_alive(&s->pid[SLURMD]))
            break;
        nanosleep(&(struct timespec){0, 100000000}, NULL);
    }
    return err_set(e, -ETIMEDOUT, "slurm: its node is not idle after %d s", READY_S);
}

int slurm_start(struct slurm *s, struct err *e)
{
    *s = (struct slurm){0};
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        if (!command_find(programs[i], s->program[i], sizeof s->program[i]))
            return err_set(e, -ENOENT, "%s: is not installed (%s)", programs[i], SLURM_INSTALL);
    struct buf b;
    int r = command_output((const char *const[]){s->program[CTLD], "-V", NULL}, NULL, ASK_S, &b, e);
    snprintf(s->version, sizeof s->version, "%.*s", (int)strcspn(buf_str(&b), "\n"), buf_str(&b));
    buf_deinit(&b);
    r = r < 0 ? r : make_folder(s, e);
    r = r < 0 ? r : start_munged(s, e);
    r = r < 0 ? r : start_daemon(s, CTLD, e);
    r = r < 0 ? r : start_daemon(s, SLURMD, e);
    return r < 0 ? r : wait_ready(s, e);
}

void slurm_stop(struct slurm *s)
{
    for (int i = SLURMD; i >= MUNGED; i--)
        children_stop(&s->pid[i], 1, 5000);
    if (s->dir[0])
        bench_remove(s->dir);
    s->dir[0] = '\0';
}

int slurm_crash(struct slurm *s, struct err *e)
{
    kill(s->pid[CTLD], SIGKILL);
    waitpid(s->pid[CTLD], NULL, 0);
    s->pid[CTLD] = 0;
    int r = start_daemon(s, CTLD, e);
    return r < 0 ? r : wait_ready(s, e);
}

double slurm_rss_kb(const struct slurm *s)
{
    return bench_rss_kb(s->pid[CTLD]);
}

// ---- jobs

int slurm_submit(struct slurm *s, long most, double for_s, struct commands_run *out, struct err *e)
{
    const char *argv[] = {s->program[SBATCH], "-p", "closed", "-o", "/dev/null", "--wrap", "true", NULL};
    const char *env[] = {s->conf_env, NULL};
    return commands_run(argv, env, SLURM_AT_ONCE, most, for_s, out, e);
}

int slurm_last_id(struct slurm *s, long *id, struct err *e)
{
    const char *argv[] = {s->program[SBATCH], "-p",     "closed", "-o", "/dev/null",
                          "--parsable",       "--wrap", "true",   NULL};
    struct buf b;
    int r = ask(s, argv, ASK_S, &b, e);
    *id = strtol(buf_str(&b), NULL, 10);
    buf_deinit(&b);
    return r;
}

int slurm_cancel(struct slurm *s, double limit_s, double *took_s, struct err *e)
{
    const char *argv[] = {"scancel", "-p", "closed", NULL};
    struct buf b;
    double began = bench_now_s();
    int r = ask(s, argv, limit_s, &b, e);
    *took_s = bench_now_s() - began;
    buf_deinit(&b);
    return r;
}

int slurm_queued(struct slurm *s, long *n, struct err *e)
{
    const char *argv[] = {"squeue", "-h", "-r", "-o", ".", NULL};
    struct buf b;
    int r = ask(s, argv, ASK_S, &b, e);
    *n = 0;
    for (const char *p = buf_str(&b); *p; p++)
        *n += *p == '\n';
    buf_deinit(&b);
    return r;
}

static int wait_empty(struct slurm *s, double until, struct err *e)
{
    long n = 1;
    while (bench_now_s() < until) {
        int r = slurm_queued(s, &n, e);
        if (r < 0 || n == 0)
            return r;
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
    return err_set(e, -ETIMEDOUT, "slurm: %ld jobs are still there", n);
}

int slurm_array(struct slurm *s, const char *partition, int n, double limit_s, double *took_s, struct err *e)
{
    char array[32];
    snprintf(array, sizeof array, "--array=1-%d", n);
    const char *argv[] = {s->program[SBATCH], "-p",   partition, "-o", "/dev/null", array,
                          "--wrap",           "true", NULL};
    struct buf b;
    double began = bench_now_s();
    int r = ask(s, argv, ASK_S, &b, e);
    buf_deinit(&b);
    if (r == 0)
        r = wait_empty(s, began + limit_s, e);
    *took_s = bench_now_s() - began;
    return r;
}

int slurm_first_instruction(struct slurm *s, double *ms, struct err *e)
{
    const char *argv[] = {s->program[SBATCH], "-p", "all", "-o", s->job, "--wrap", "date +%s.%N", NULL};
    struct buf b;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    unlink(s->job);
    int r = ask(s, argv, ASK_S, &b, e);
    buf_deinit(&b);
    if (r == 0)
        r = wait_empty(s, bench_now_s() + ASK_S, e);
    char line[64] = "";
    FILE *f = r == 0 ? fopen(s->job, "re") : NULL;
    if (f) {
        if (!fgets(line, sizeof line, f))
            line[0] = '\0';
        fclose(f);
    }
    *ms = (strtod(line, NULL) - (double)t.tv_sec - (double)t.tv_nsec / 1e9) * 1000;
    return r < 0 ? r : line[0] ? 0 : err_set(e, -EIO, "slurm: the job said nothing");
}
