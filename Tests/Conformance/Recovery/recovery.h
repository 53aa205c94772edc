/* recovery.h: what the files of the program `recovery` share. */
#ifndef RECOVERY_H
#define RECOVERY_H

#include "state.h"

/* Each file's tests; the last one has no name. */
extern const struct test mount_point_environment_tests[], file_type_environment_tests[], repair_tests[],
    mount_point_tests[], full_disk_tests[], path_tests[], file_type_tests[], open_error_tests[];

/* The path leads to another directory from now on, with a copy of the journal. */
void mount_anew(void);
/* Three verifications of a code on a disk on which every call fails. */
void fail_rides(uint32_t code);
/* What the kinds of make_entry are; only root can make the later ones. */
enum { FILE_TYPES = 6, FILE_TYPES_OF_USERS = 3 };
int file_types(void);
/* Makes something that is not a regular file. */
void make_entry(const char *path, int kind);

/* A test of repair.c, which path.c runs with other inode numbers. */
void success_means_that_it_works(void);

#endif
