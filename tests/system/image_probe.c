// SPDX-License-Identifier: Apache-2.0
//
// The only program of the images that image_task.py makes, static: says what it sees, one line each.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int main(int argc, char **argv)
{
    char cwd[4096];
    struct stat st;
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
