/* interpose.h: for programs that put functions of their own in the place of the C library's. */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>

/* Declares `real`, the C library's function of this name. */
#define REAL(type, name, ...)                                                                                          \
    static type (*real)(__VA_ARGS__);                                                                                  \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

/* The mode of openat(), which is an argument only if the call can create a file. */
#define OPEN_MODE(mode, flags)                                                                                         \
    int mode = 0;                                                                                                      \
    va_list arguments;                                                                                                 \
    va_start(arguments, flags);                                                                                        \
    if (flags & O_CREAT) mode = va_arg(arguments, int);                                                                \
    va_end(arguments)

#endif
