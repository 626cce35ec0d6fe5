/* SPDX-License-Identifier: MIT */
/* MLP_API marks what the shared library exports; everything else is hidden. */
#ifndef MLP_EXPORT_H
#define MLP_EXPORT_H

#if defined(__GNUC__)
#define MLP_API __attribute__((visibility("default")))
#else
#define MLP_API
#endif

#endif
