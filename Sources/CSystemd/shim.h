// libsystemd as Swift sees it: the non-variadic entry points are called as they are.
#ifndef VEDETTE_CSYSTEMD_SHIM_H
#define VEDETTE_CSYSTEMD_SHIM_H

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
// Before sd-journal.h: the caller is Swift, so its own __FILE__ and __LINE__ would be noise.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
// Swift's Glibc module leaves these two out; threads and event loops need them.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#endif
