// SPDX-License-Identifier: Apache-2.0
//
// The only program of the images that image_task.py and networks.py make, static: says what it sees, one line
// each. "peers": whom it knows by name, and that it meets each of the others of its cluster.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *try_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (fd < 0)
        return strerror(errno);
    close(fd);
    return "written";
}

#define PORT     5000
#define TRIES    3000
#define PAUSE_US 20000

static void show(const char *path)
{
    char line[256];
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        fputs(line, stdout);
    if (f)
        fclose(f);
    else
        printf("%s %s\n", path, strerror(errno));
}

// Until it listens there.
static int meet(const char *address, const char *name)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
        return 1;
    for (int i = 0; i < TRIES; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
            printf("met %s\n", name);
            return 0;
        }
        close(fd);
        usleep(PAUSE_US);
    }
    return 1;
}

static int peers(void)
{
    char own[64] = "", line[256], address[64], name[64];
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int s = socket(AF_INET, SOCK_STREAM, 0), bad = 0, met = 0;
    if (bind(s, (struct sockaddr *)&any, sizeof any) < 0 || listen(s, 8) < 0 ||
        gethostname(own, sizeof own) < 0)
        return 1;
    show("/etc/hosts");
    show("/etc/resolv.conf");
    printf("host %s\n", own);
    FILE *f = fopen("/etc/hosts", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%63s %63s", address, name) == 2 && strncmp(name, "instance-", 9) == 0 &&
            strcmp(name, own) != 0) {
            bad |= meet(address, name);
            met++;
        }
    for (; met > 0; met--) // the others are met too before this one goes
        bad |= accept(s, NULL, NULL) < 0;
    return bad;
}

int main(int argc, char **argv)
{
    char cwd[4096];
    struct stat st;
    if (argc == 2 && strcmp(argv[1], "peers") == 0)
        return peers();
    printf("argv");
    for (int i = 1; i < argc; i++)
        printf(" [%s]", argv[i]);
    printf("\ncwd %s\nuid %d gid %d\n", getcwd(cwd, sizeof cwd) ? cwd : "?", (int)getuid(), (int)getgid());
    for (const char *const *n =
             (const char *const[]){"FROM_IMAGE", "BOTH", "FROM_TASK", "PATH", "HOME", NULL};
         *n; n++)
        printf("%s=%s\n", *n, getenv(*n) ? getenv(*n) : "(none)");
    printf("/layer2 %s\n", access("/layer2", F_OK) == 0 ? "there" : "gone");
    printf("/removed %s\n", access("/removed", F_OK) == 0 ? "there" : "gone");
    printf("root %s\n", try_write("/x"));
    printf("job %s\n", try_write("/job/x"));
    printf("suid %o\n", stat("/bin/probe", &st) == 0 ? (unsigned)(st.st_mode & 07000) : 1);
    printf("host %s\n", access("/usr/bin/env", F_OK) == 0 ? "seen" : "hidden");
    printf("passwd %s\n", access("/link/passwd", F_OK) == 0 ? "seen" : "hidden");
    return 0;
}
