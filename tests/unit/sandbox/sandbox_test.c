// SPDX-License-Identifier: Apache-2.0
// Real sandboxes: what an instance sees, what it cannot, its limits, its end. Skips with the reason where
// none can be made.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sandbox/cgroup.h"
#include "sandbox/netns.h"
#include "boxes.h"

struct fixture {
    struct boxes b;
    struct sandbox s;    // as the machine offers it
    struct sandbox bare; // without control groups
    struct outcome o;
};

#define SHELL(text)                                                                                          \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        "/bin/sh", "-c", (text), NULL                                                                        \
    }
#define PROBE(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        "/job/probe", __VA_ARGS__, NULL                                                                      \
    }

static const char *const plain_env[] = {"PATH=/usr/bin:/bin", NULL};

static struct outcome *play(struct fixture *f, const struct sandbox *s, struct sandbox_spec spec)
{
    struct sandbox_run run;
    struct err e = ERR_NULL;
    spec.id = spec.id ? spec.id : 1;
    spec.envp = spec.envp ? spec.envp : plain_env;
    spec.binds = &f->b.bind;
    spec.binds_n = 1;
    spec.capture = true;
    memset(&f->o, 0, sizeof f->o);
    int code = s->start(s->ctx, &spec, now_ms(), &run, &e);
    if (code < 0)
        fail_msg("start: %s", e.text);
    if (!run_for(s, spec.id, &run, &f->o, LIMIT_MS)) {
        s->kill(s->ctx, spec.id);
        run_for(s, spec.id, &run, &f->o, LIMIT_MS);
        fail_msg("%s %s: not over after %d ms", spec.argv[0], spec.argv[1] ? spec.argv[1] : "", LIMIT_MS);
    }
    return &f->o;
}

static struct outcome *shell(struct fixture *f, const char *text)
{
    return play(f, &f->s, (struct sandbox_spec){.argv = SHELL(text)});
}

static void exit_codes_and_signals_come_back_as_a_shell_says_them(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        int code, signal;
    } cases[] = {{"exit 0", 0, 0},
                 {"exit 1", 1, 0},
                 {"exit 42", 42, 0},
                 {"kill -KILL $$", 137, 9},
                 {"kill -SEGV $$", 139, 11}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome *o = shell(f, cases[i].text);
        assert_int_equal(o->r.code, cases[i].code);
        assert_int_equal(o->r.signal, cases[i].signal);
        assert_false(o->r.killed);
    }
}

static void ignored_signals_of_the_agent_are_not_handed_on(void **state)
{
    struct fixture *f = *state;
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    struct outcome *o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("pipe")});
    signal(SIGPIPE, before);
    assert_int_equal(o->r.signal, SIGPIPE);
}

static void output_and_errors_come_apart(void **state)
{
    struct outcome *o = shell(*state, "echo to out; echo to err >&2");
    assert_string_equal(o->out, "to out\n");
    assert_string_equal(o->err, "to err\n");
}

static void environment_is_what_was_given_and_the_directory(void **state)
{
    struct fixture *f = *state;
    const char *const env[] = {"PATH=/usr/bin", "EMPTY=", "TEXT=a b=c $HOME", "LD_LIBRARY_PATH=/job", NULL};
    struct outcome *o =
        play(f, &f->s, (struct sandbox_spec){.argv = (const char *const[]){"env", NULL}, .envp = env});
    assert_string_equal(o->err, "");
    int lines = 0;
    for (const char *p = o->out; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 5);
    for (int i = 0; env[i]; i++)
        assert_non_null(strstr(o->out, env[i]));
    assert_non_null(strstr(o->out, "PWD=/job\n"));
}

static void host_name_directory_and_user_are_the_sandboxes_own(void **state)
{
    struct fixture *f = *state;
    struct outcome *o =
        play(f, &f->s,
             (struct sandbox_spec){
                 .argv = SHELL("cat /proc/sys/kernel/hostname; pwd; id -u; id -un; ls /proc/self/fd | wc -l"),
                 .hostname = "radiator-7",
                 .workdir = "/tmp"});
    assert_string_equal(o->out, "radiator-7\n/tmp\n1000\njob\n4\n"); // ls itself opens the fourth
}

static void job_directory_can_be_written_and_has_a_size(void **state)
{
    struct fixture *f = *state;
    struct outcome *o =
        play(f, &f->s, (struct sandbox_spec){.argv = PROBE("fill", "64", "/job/x"), .job_bytes = 4 << 20});
    assert_int_equal(o->r.code, 0);
    assert_true(strtol(o->out, NULL, 10) <= 4);
    assert_non_null(strstr(o->out, "ENOSPC"));
    o = play(f, &f->s,
             (struct sandbox_spec){.argv = PROBE("fill", "64", "/dev/shm/x"), .job_bytes = 4 << 20});
    assert_non_null(strstr(o->out, "ENOSPC"));
    o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("fill", "3", "/job/x"), .job_bytes = 8 << 20});
    assert_string_equal(o->out, "3 ok\n");
}

static void everything_of_the_machine_is_read_only(void **state)
{
    static const char *const places[] = {"/usr/x", "/etc/x",  "/x",
                                         "/dev/x", "/root/x", "/proc/sys/kernel/core_pattern"};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        char text[128];
        snprintf(text, sizeof text, "echo x 2>&1 > %s", places[i]);
        struct outcome *o = shell(*state, text);
        assert_int_not_equal(o->r.code, 0);
        assert_int_equal(access("/usr/x", F_OK), -1);
    }
}

static void files_and_processes_of_the_host_are_not_there(void **state)
{
    struct fixture *f = *state;
    struct outcome *o =
        shell(f, "ls -A /home /root /run /mnt /opt /sys | grep -v -e ':$' -e '^$'; ls -d /boot /srv /media");
    assert_string_equal(o->out, "");
    char text[128];
    snprintf(text, sizeof text, "test -e %s || echo absent", f->b.dir);
    assert_string_equal(shell(f, text)->out, "absent\n");
    o = shell(f, "for p in /proc/[0-9]*; do echo x; done | wc -l");
    assert_true(strtol(o->out, NULL, 10) <= 5);
    assert_true(strtol(o->out, NULL, 10) >= 2);
}

static void dangerous_calls_are_refused(void **state)
{
    struct fixture *f = *state;
    struct outcome *o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("forbidden")});
    int lines = 0;
    for (char *line = strtok(o->out, "\n"); line; line = strtok(NULL, "\n"), lines++)
        if (!strstr(line, " EPERM"))
            fail_msg("inside the sandbox: %s", line);
    assert_int_equal(lines, 24);
    assert_int_equal(o->r.code, 0);
}

static int listen_on_loopback(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

// Whether one of the packets that wait in a tun device goes there. The kernel's own, such as for IPv6 routers,
// are passed over.
static bool packet_to(int tun, uint32_t address)
{
    unsigned char p[2048];
    uint32_t to = htonl(address);
    while (read(tun, p, sizeof p) >= 20)
        if (p[0] >> 4 == 4 && memcmp(p + 16, &to, 4) == 0)
            return true;
    return false;
}

static void network_is_there_only_when_asked_for(void **state)
{
    struct fixture *f = *state;
    int port, fd = listen_on_loopback(&port);
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    struct outcome *o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("connect", text)});
    assert_string_equal(o->out, "connect ECONNREFUSED\n");
    int tell[2], got[NETNS_FDS_MAX];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, tell), 0);
    const struct sandbox_net net = {.tell_fd = tell[0],
                                    .outside = true,
                                    .cluster_address = 0x0a2f0007,
                                    .resolver = "nameserver 10.0.2.3\n",
                                    .hosts = "10.47.0.7 me\n",
                                    .machines = "me slots=1\n"};
    if (access("/dev/net/tun", R_OK | W_OK) < 0) {
        print_message("[  SKIPPED ] no /dev/net/tun here\n");
        close(fd);
        return;
    }
    o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("connect", text), .net = &net});
    assert_string_equal(o->out, "connect ECONNREFUSED\n"); // the loopback is not the host's
    assert_int_equal(netns_receive(tell[1], got), 0);
    for (int i = 0; i < NETNS_FDS_MAX; i++)
        close(got[i]);
    static const char script[] =
        "cat /etc/resolv.conf /etc/hosts /job/mpihosts; grep -c -e eth0 -e cluster0 /proc/net/dev;"
        "exec 3<>/dev/udp/198.51.100.7/9 4<>/dev/udp/10.47.3.9/9; echo out >&3; echo in >&4";
    o = play(f, &f->s,
             (struct sandbox_spec){.argv = (const char *const[]){"bash", "-c", script, NULL}, .net = &net});
    assert_string_equal(o->err, "");
    assert_string_equal(o->out, "nameserver 10.0.2.3\n10.47.0.7 me\nme slots=1\n2\n");
    assert_int_equal(netns_receive(tell[1], got), 0);
    assert_true(packet_to(got[2], 0xc6336407));
    assert_true(packet_to(got[3], 0x0a2f0309));
    for (int i = 0; i < NETNS_FDS_MAX; i++)
        close(got[i]);
    close(tell[0]);
    close(tell[1]);
    close(fd);
}

// What a job brings as /job/utils, or in it, stays as it is.
static void setup_cluster_is_at_job_utils_unless_the_job_has_something_there(void **state)
{
    struct fixture *f = *state;
    char job[] = "/tmp/ondol-utils-XXXXXX", utils[64], own[96];
    assert_non_null(mkdtemp(job));
    assert_int_equal(chmod(job, 0777), 0);
    snprintf(utils, sizeof utils, "%s/utils", job);
    snprintf(own, sizeof own, "%s/setup_cluster", utils);
    int tell[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, tell), 0);
    const struct sandbox_net net = {
        .tell_fd = tell[0], .setup = "ours\n", .ssh_secret = "secret\n", .ssh_public = "public\n"};
    static const char *const show[] = {"sh", "-c", "cat /job/utils || cat /job/utils/setup_cluster", NULL};
    const struct sandbox_spec spec = {.argv = show, .net = &net, .job_dir = job};
    assert_int_equal(symlink("elsewhere", utils), 0);
    assert_string_equal(play(f, &f->s, spec)->out, "");
    assert_int_equal(unlink(utils), 0);
    FILE *file = fopen(utils, "w");
    assert_true(file && fputs("a file\n", file) >= 0 && fclose(file) == 0);
    assert_string_equal(play(f, &f->s, spec)->out, "a file\n");
    assert_int_equal(unlink(utils), 0);
    assert_string_equal(play(f, &f->s, spec)->out, "ours\n");
    unlink(own);
    file = access(utils, F_OK) == 0 || mkdir(utils, 0755) == 0 ? fopen(own, "w") : NULL;
    assert_true(file && fputs("theirs\n", file) >= 0 && fclose(file) == 0);
    assert_string_equal(play(f, &f->s, spec)->out, "theirs\n");
    assert_int_equal(unlink(own), 0);
    assert_int_equal(rmdir(utils), 0);
    snprintf(own, sizeof own, "%s/probe", job); // what the probe was mounted on
    unlink(own);
    assert_int_equal(rmdir(job), 0);
    close(tell[0]);
    close(tell[1]);
}

static bool has_controller(enum cgroup_controller c)
{
    struct cgroup_tree t;
    cgroup_tree_init(&t, 1u << c, false);
    bool has = cgroup_where(&t, c) != NULL;
    cgroup_tree_deinit(&t);
    return has;
}

static void fork_bomb_stops_at_its_limit(void **state)
{
    struct fixture *f = *state;
    if (has_controller(CG_PIDS)) {
        struct outcome *o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("fork-bomb"), .pids_max = 20});
        assert_string_equal(o->out, "19\n"); // the twentieth is the bomb itself
    }
    struct outcome *o = play(f, &f->bare, (struct sandbox_spec){.argv = PROBE("fork-bomb"), .pids_max = 20});
    assert_string_equal(o->out, "19\n");
}

static void memory_hog_is_stopped(void **state)
{
    struct fixture *f = *state;
    int64_t limit = INT64_C(64) << 20;
    if (has_controller(CG_MEMORY)) {
        struct outcome *o =
            play(f, &f->s, (struct sandbox_spec){.argv = PROBE("eat", "200"), .memory_max_bytes = limit});
        assert_int_equal(o->r.code, 137);
        assert_true(o->r.usage.memory_peak_bytes > limit / 2);
        assert_true(o->r.usage.memory_peak_bytes <= limit);
        o = play(f, &f->s,
                 (struct sandbox_spec){.argv = PROBE("fill", "200", "/tmp/x"), .memory_max_bytes = limit});
        if (o->r.code != 137) // files in RAM are memory
            fail_msg("code %d: %s%s, peak %lld", o->r.code, o->out, o->err,
                     (long long)o->r.usage.memory_peak_bytes);
    }
    struct outcome *o =
        play(f, &f->bare, (struct sandbox_spec){.argv = PROBE("eat", "200"), .memory_max_bytes = limit});
    assert_int_equal(o->r.code, 3); // no memory given: malloc says so
    assert_string_equal(
        play(f, &f->s, (struct sandbox_spec){.argv = PROBE("eat", "20"), .memory_max_bytes = limit})->out,
        "full\n");
}

static void nobody_outlives_the_command_or_the_kill(void **state)
{
    struct fixture *f = *state;
    char word[48];
    snprintf(word, sizeof word, "daemon-of-%d", (int)getpid());
    struct outcome *o = play(f, &f->s, (struct sandbox_spec){.argv = PROBE("daemon", word)});
    assert_string_equal(o->out, "left\n");
    assert_int_equal(count_processes(word), 0); // at once: the end is the end of all
    struct sandbox_run run;
    struct err e = ERR_NULL;
    char text[128];
    snprintf(text, sizeof text, "/job/probe daemon %s; sleep 1000 & sleep 1000", word);
    const struct sandbox_spec spec = {
        .id = 9, .argv = SHELL(text), .envp = plain_env, .binds = &f->b.bind, .binds_n = 1, .capture = true};
    assert_int_equal(f->s.start(f->s.ctx, &spec, now_ms(), &run, &e), 0);
    memset(&f->o, 0, sizeof f->o);
    for (int i = 0; i < 1000 && !strstr(f->o.out, "left"); i++)
        assert_false(run_for(&f->s, 9, &run, &f->o, 10));
    assert_true(count_processes(word) > 1);
    assert_int_equal(f->s.kill(f->s.ctx, 9), 0);
    assert_int_equal(f->s.kill(f->s.ctx, 9), 0);
    assert_true(run_for(&f->s, 9, &run, &f->o, LIMIT_MS));
    assert_int_equal(count_processes(word), 0);
    assert_true(f->o.r.killed);
    assert_int_equal(f->o.r.signal, SIGKILL);
    assert_int_equal(f->s.kill(f->s.ctx, 9), -ENOENT);
}

static void a_last_command_follows_the_command_and_changes_nothing_of_its_end(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        int code, signal;
    } cases[] = {{"echo first; echo $X > /job/left; exit 0", 0, 0},
                 {"echo first; echo $X > /job/left; exit 7", 7, 0},
                 {"echo first; echo $X > /job/left; kill -TERM $$", 143, 15}};
    const char *const env[] = {"PATH=/usr/bin:/bin", "X=of it", NULL};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome *o = play(f, &f->s,
                                 (struct sandbox_spec){.argv = SHELL(cases[i].text),
                                                       .envp = env,
                                                       .last = SHELL("cat /job/left; echo $X >&2; pwd; exit 3"),
                                                       .last_ms = LIMIT_MS});
        assert_string_equal(o->out, "first\nof it\n/job\n");
        assert_string_equal(o->err, "of it\n");
        assert_int_equal(o->r.code, cases[i].code);
        assert_int_equal(o->r.signal, cases[i].signal);
    }
    struct outcome *o = play(f, &f->bare,
                             (struct sandbox_spec){.argv = SHELL("ls /proc/self/fd | wc -l"),
                                                   .last = (const char *const[]){"no-such-command", NULL},
                                                   .last_ms = LIMIT_MS,
                                                   .pids_max = 8});
    assert_string_equal(o->out, "4\n"); // ls opens the fourth: nothing of the guard's is handed on
    assert_string_equal(o->err, "bwrap: execvp no-such-command: No such file or directory\n");
    assert_int_equal(o->r.code, 0);
}

// Starts it, waits until it printed, freezes it, thaws it and asks for its end.
static struct outcome *end_of(struct fixture *f, struct sandbox *s, const char *last, int64_t last_ms)
{
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const struct sandbox_spec spec = {.id = 5,
                                      .argv = SHELL("trap '' TERM; echo on; while :; do sleep 0.05; done"),
                                      .envp = plain_env,
                                      .last = SHELL(last),
                                      .last_ms = last_ms,
                                      .capture = true};
    assert_int_equal(s->start(s->ctx, &spec, now_ms(), &run, &e), 0);
    memset(&f->o, 0, sizeof f->o);
    for (int i = 0; i < 1000 && !strstr(f->o.out, "on"); i++)
        assert_false(run_for(s, 5, &run, &f->o, 10));
    assert_int_equal(s->set_share(s->ctx, 5, 0, now_ms(), &e), 0);
    assert_int_equal(s->set_share(s->ctx, 5, 1000, now_ms(), &e), 0);
    assert_int_equal(s->end(s->ctx, 5), 0);
    assert_int_equal(s->end(s->ctx, 5), 0);
    if (!run_for(s, 5, &run, &f->o, LIMIT_MS))
        fail_msg("not over after %d ms", LIMIT_MS);
    return &f->o;
}

static void a_last_command_runs_beside_a_command_that_is_asked_to_end(void **state)
{
    struct fixture *f = *state;
    struct sandbox *both[] = {&f->s, &f->bare};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct outcome *o = end_of(f, both[i], "echo off", LIMIT_MS);
        assert_string_equal(o->out, "on\noff\n");
        assert_int_equal(o->r.code, 137); // the command did not end by itself
        assert_false(o->r.killed);
        assert_int_equal(both[i]->end(both[i]->ctx, 5), -ENOENT);
    }
    struct outcome *o = end_of(f, &f->s, "echo off; sleep 1000", 300); // no longer than it may
    assert_string_equal(o->out, "on\noff\n");
    assert_int_equal(o->r.code, 137);
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const struct sandbox_spec none = {.id = 6,
                                      .argv = SHELL("sleep 1000"),
                                      .envp = plain_env,
                                      .binds = &f->b.bind, // no zygote is left for the tests after this one
                                      .binds_n = 1,
                                      .capture = true};
    assert_int_equal(f->s.start(f->s.ctx, &none, now_ms(), &run, &e), 0);
    assert_int_equal(f->s.end(f->s.ctx, 6), -ENOTSUP);
    assert_int_equal(f->s.kill(f->s.ctx, 6), 0);
    assert_true(run_for(&f->s, 6, &run, &f->o, LIMIT_MS));
}

// An agent of its own, killed at a moment between before bubblewrap's first instruction and long after its
// last.
static void agent_that_starts_and_waits(struct fixture *f, const char *word, int tell_fd)
{
    struct sandbox s;
    struct sandbox_run run;
    struct err e = ERR_NULL;
    bwrap_sandbox_init(&s, &(struct bwrap_config){.root_parent = f->b.root});
    const struct sandbox_spec spec = {
        .id = 1, .argv = PROBE("spin", "2", word), .binds = &f->b.bind, .binds_n = 1};
    if (write(tell_fd, "s", 1) == 1 && s.start(s.ctx, &spec, now_ms(), &run, &e) == 0)
        for (;;)
            pause();
    _exit(1);
}

static void sandboxes_die_with_their_agent_at_any_moment(void **state)
{
    struct fixture *f = *state;
    int before = count_entries(f->b.root);
    for (int i = 0; i < 24; i++) {
        char word[48], byte;
        int tell[2];
        snprintf(word, sizeof word, "orphan-%d-of-%d", i, (int)getpid());
        assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
        pid_t agent = fork();
        assert_true(agent >= 0);
        if (agent == 0)
            agent_that_starts_and_waits(f, word, tell[1]);
        assert_int_equal(read(tell[0], &byte, 1), 1);
        usleep(i < 20 ? (useconds_t)i * 500 : 100000);
        assert_int_equal(count_processes(word) > 0 || i < 20, 1);
        kill(agent, SIGKILL);
        waitpid(agent, NULL, 0);
        assert_true(all_gone(word));
        close(tell[0]);
        close(tell[1]);
    }
    assert_true(count_entries(f->b.root) > before); // what kill -9 leaves ...
    struct sandbox next;
    bwrap_sandbox_init(&next, &(struct bwrap_config){.root_parent = f->b.root});
    assert_int_equal(count_entries(f->b.root), before + 1); // ... the next agent removes
    next.free(next.ctx);
    assert_int_equal(count_entries(f->b.root), before);
}

// An exec lets the parent go on before it closes what was marked to be closed by it: a pipe that the agent
// closes in that moment was not yet at its end.
static void what_the_agent_closes_after_a_start_is_closed(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 40; i++) {
        struct sandbox_run run;
        char byte;
        int end[2];
        const struct sandbox_spec spec = {.id = 1,
                                          .argv = SHELL("exit 0"),
                                          .envp = plain_env,
                                          .binds = &f->b.bind,
                                          .binds_n = 1,
                                          .capture = true};
        assert_int_equal(pipe2(end, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(f->s.start(f->s.ctx, &spec, now_ms(), &run, NULL), 0);
        close(end[1]);
        assert_int_equal(read(end[0], &byte, 1), 0); // its end at once, not EAGAIN
        close(end[0]);
        memset(&f->o, 0, sizeof f->o);
        assert_true(run_for(&f->s, 1, &run, &f->o, LIMIT_MS));
    }
}

static void two_hundred_starts_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct cgroup_tree t;
    struct sandbox s;
    bwrap_sandbox_init(&s, &(struct bwrap_config){.root_parent = f->b.root});
    play(f, &s, (struct sandbox_spec){.argv = SHELL("true")});
    int fds = count_entries("/proc/self/fd");
    for (int i = 0; i < 200; i++)
        assert_int_equal(
            play(f, &s, (struct sandbox_spec){.id = 100 + (uint64_t)i, .argv = SHELL("exit 7")})->r.code, 7);
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    s.free(s.ctx);
    cgroup_tree_init(&t, ~0u, false); // takes the first free number, so a number left behind shows
    char name[OWNER_NAME_BYTES];
    owner_name(name, 1); // 0 is that of the fixture
    for (int i = 0; i < t.n; i++)
        assert_non_null(strstr(t.dir[i].path, name));
    cgroup_tree_deinit(&t);
}

static void bad_specs_are_refused_with_a_sentence(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct sandbox_spec spec;
        int code;
        const char *word;
    } cases[] = {
        {{.id = 0, .argv = SHELL("true")}, -EINVAL, "id"},
        {{.id = 1, .argv = (const char *const[]){NULL}}, -EINVAL, "command"},
        {{.id = 1, .argv = (const char *const[]){"no-such-command", NULL}}, -ENOENT, "no-such-command"},
        {{.id = 1, .argv = (const char *const[]){"/usr/bin/no-such-command", NULL}},
         -ENOENT,
         "no-such-command"},
        {{.id = 1, .argv = SHELL("true"), .image = "somebody/thing"}, -ENOTSUP, "somebody/thing"},
        {{.id = 1, .argv = SHELL("true"), .envp = (const char *const[]){"NOEQUALS", NULL}},
         -EINVAL,
         "NAME=value"},
        {{.id = 1, .argv = SHELL("true"), .memory_max_bytes = 1000}, -EINVAL, "memory_max_bytes"},
        {{.id = 1, .argv = SHELL("true"), .binds = &(struct sandbox_bind){"/etc", "/usr/x"}, .binds_n = 1},
         -EINVAL,
         "/usr/x"},
        {{.id = 1, .argv = SHELL("true"), .workdir = "job"}, -EINVAL, "workdir"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sandbox_run run;
        struct err e = ERR_NULL;
        assert_int_equal(f->s.start(f->s.ctx, &cases[i].spec, now_ms(), &run, &e), cases[i].code);
        assert_non_null(strstr(e.text, cases[i].word));
    }
}

static void without_bubblewrap_nothing_runs(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const char *why = "";
    bwrap_sandbox_init(&s, &(struct bwrap_config){.bwrap = "/nonexistent/bwrap"});
    assert_false(s.available(s.ctx, &why));
    assert_non_null(strstr(why, "bubblewrap"));
    assert_int_equal(
        s.start(s.ctx, &(struct sandbox_spec){.id = 1, .argv = SHELL("true")}, now_ms(), &run, &e), -ENODEV);
    assert_string_equal(e.text, why);
    s.free(s.ctx);
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    *state = f;
    if (boxes_init(&f->b) < 0)
        return -1;
    bwrap_sandbox_init(&f->s, &(struct bwrap_config){.root_parent = f->b.root});
    bwrap_sandbox_init(&f->bare, &(struct bwrap_config){.root_parent = f->b.root, .no_cgroups = true});
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    f->s.free(f->s.ctx);
    f->bare.free(f->bare.ctx);
    boxes_deinit(&f->b);
    free(f);
    return 0;
}

int main(void)
{
    int none = no_sandbox_here();
    if (none)
        return none;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_codes_and_signals_come_back_as_a_shell_says_them),
        cmocka_unit_test(ignored_signals_of_the_agent_are_not_handed_on),
        cmocka_unit_test(output_and_errors_come_apart),
        cmocka_unit_test(environment_is_what_was_given_and_the_directory),
        cmocka_unit_test(host_name_directory_and_user_are_the_sandboxes_own),
        cmocka_unit_test(job_directory_can_be_written_and_has_a_size),
        cmocka_unit_test(everything_of_the_machine_is_read_only),
        cmocka_unit_test(files_and_processes_of_the_host_are_not_there),
        cmocka_unit_test(dangerous_calls_are_refused),
        cmocka_unit_test(network_is_there_only_when_asked_for),
        cmocka_unit_test(setup_cluster_is_at_job_utils_unless_the_job_has_something_there),
        cmocka_unit_test(fork_bomb_stops_at_its_limit),
        cmocka_unit_test(memory_hog_is_stopped),
        cmocka_unit_test(nobody_outlives_the_command_or_the_kill),
        cmocka_unit_test(a_last_command_follows_the_command_and_changes_nothing_of_its_end),
        cmocka_unit_test(a_last_command_runs_beside_a_command_that_is_asked_to_end),
        cmocka_unit_test(sandboxes_die_with_their_agent_at_any_moment),
        cmocka_unit_test(what_the_agent_closes_after_a_start_is_closed),
        cmocka_unit_test(two_hundred_starts_leave_nothing),
        cmocka_unit_test(bad_specs_are_refused_with_a_sentence),
        cmocka_unit_test(without_bubblewrap_nothing_runs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
