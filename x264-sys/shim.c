/*
 * What x264.h offers only to C: a function whose name is a macro, static tables, an array of unknown length, a
 * callback with a va_list, and the numbers that differ between builds. Compiled against the header found, and it
 * refuses one whose structures are not laid out as the checked-in bindings have them (layout.h).
 *
 * Every symbol starts with `x264_sys_`; src/shim.rs and src/log.rs declare them for Rust.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <x264.h>

#ifndef X264_SYS_GENERATED
#if X264_BUILD < 163
#error "this x264.h is older than build 163; supported are 163 to 165: install one, or enable the feature bindgen"
#elif X264_BUILD > 165
#error "this x264.h is newer than build 165; supported are 163 to 165: install one, or enable the feature bindgen"
#endif
#include "layout.h"
#endif

/* What the header says of itself. */

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

int x264_sys_build(void) { return X264_BUILD; }
int x264_sys_bit_depth(void) { return X264_BIT_DEPTH; }
int x264_sys_gpl(void) { return X264_GPL; }
int x264_sys_interlaced(void) { return X264_INTERLACED; }
size_t x264_sys_param_size(void) { return sizeof(x264_param_t); }

const char *x264_sys_pointver(void) {
#ifdef X264_POINTVER
    return X264_POINTVER;
#else
    return "0." TEXT(X264_BUILD);
#endif
}

const char *x264_sys_version(void) {
#ifdef X264_VERSION
    return X264_VERSION;
#else
    return "";
#endif
}

/* The build number is part of the symbol, so a library of another build does not link. */

x264_t *x264_sys_encoder_open(x264_param_t *param) { return x264_encoder_open(param); }

/* Build 161 brought it; before, x264 owned nothing in a parameter set. */

void x264_sys_param_cleanup(x264_param_t *param) {
#if X264_BUILD >= 161
    x264_param_cleanup(param);
#else
    (void)param;
#endif
}

/* Data of a DLL is imported by the C compiler, which knows the declaration of the header. */

const x264_level_t *x264_sys_levels(void) { return x264_levels; }
int x264_sys_chroma_format(void) { return x264_chroma_format; }

/* The tables of names, so that a test can compare what Rust has with the header. */

const char *const *x264_sys_names(int table) {
    static const char *const *const tables[] = {
        x264_direct_pred_names, x264_motion_est_names, x264_b_pyramid_names, x264_overscan_names,
        x264_vidformat_names,   x264_fullrange_names,  x264_colorprim_names, x264_transfer_names,
        x264_colmatrix_names,   x264_nal_hrd_names,    x264_preset_names,    x264_tune_names,
        x264_profile_names,     x264_avcintra_flavor_names,
    };
    return table >= 0 && (size_t)table < sizeof(tables) / sizeof(*tables) ? tables[table] : NULL;
}

/*
 * Logging. x264 hands over a format and a va_list, from any of its threads; the sink gets the finished line,
 * without its line end.
 */

typedef struct {
    void (*line)(void *user, int level, const char *text, size_t length);
    void *user;
} x264_sys_log_sink;

static void log_trampoline(void *private_data, int level, const char *format, va_list arguments) {
    const x264_sys_log_sink *sink = private_data;
    char line[1024];
    char *text = line;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    if (length >= (int)sizeof(line)) {
        char *longer = malloc((size_t)length + 1);
        if (longer) {
            text = longer;
            length = vsnprintf(longer, (size_t)length + 1, format, again);
        } else {
            length = (int)sizeof(line) - 1;
        }
    }
    va_end(again);
    if (length >= 0) {
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) text[--length] = '\0';
        sink->line(sink->user, level, text, (size_t)length);
    }
    if (text != line) free(text);
}

void x264_sys_set_log(x264_param_t *param, const x264_sys_log_sink *sink) {
    param->pf_log = log_trampoline;
    param->p_log_private = (void *)(uintptr_t)sink;
}
