/* A V4L2 camera that lives in the process it is preloaded into (LD_PRELOAD), for machines without one.
 *
 * It answers for one device node, /dev/video$FAKECAM_NODE (default 42), as a UVC driver does: listing in /dev and
 * /sys, format and frame-rate negotiation, one streaming owner (others get EBUSY), buffers that are filled in real
 * time, frames dropped when no buffer is queued, ENODEV for everything once unplugged. Everything it delivers comes
 * from files in $FAKECAM_DIR, so a test knows every byte:
 *
 *   name                     what the device calls itself (default "Fake Camera")
 *   modes                    one mode a line: FOURCC WIDTH HEIGHT FPS
 *   color                    two numbers: v4l2 colorspace and quantization reported for raw formats
 *   frames-FOURCC-WxH/       files played in name order, frame n is file n modulo their number
 *   stall, unplug, busy      while the file exists: no frame comes; the device is not there; another program has it
 *   corrupt                  holds N: every Nth frame is cut to half and overwritten with noise
 *
 * It intercepts libc's open, close, ioctl, syscall(SYS_ioctl), poll, opendir, readdir and closedir. One mutex guards
 * all state and is never held while waiting.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_BUFFERS 8
#define MAX_HANDLES 64
#define MAX_MODES 64
#define MAX_FRAMES 256

struct mode { uint32_t fourcc, width, height, fps; };
struct blob { uint8_t *data; size_t size; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The device. */
static struct mode modes[MAX_MODES];
static int mode_count;
static struct mode current;
static uint32_t raw_colorspace = V4L2_COLORSPACE_SRGB, raw_quantization = V4L2_QUANTIZATION_DEFAULT;
static struct blob frames[MAX_FRAMES];
static int frame_count;
static int handles[MAX_HANDLES], handle_count; /* open descriptors of the node */

/* The stream, owned by one descriptor. */
static int owner = -1, buffer_count, streaming;
static uint8_t *memory;
static size_t buffer_size;
static int queue[MAX_BUFFERS], queued;
static uint64_t first_ns, sequence;

static DIR *dev_dir;
static int dev_listed;

/* ---- the real functions ---- */

static long (*real_syscall)(long, ...);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_ioctl)(int, unsigned long, ...);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static DIR *(*real_opendir)(const char *);
static struct dirent64 *(*real_readdir64)(DIR *);
static int (*real_closedir)(DIR *);

static void resolve(void)
{
    if (real_closedir) return;
    *(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
    *(void **)&real_open = dlsym(RTLD_NEXT, "open64");
    *(void **)&real_close = dlsym(RTLD_NEXT, "close");
    *(void **)&real_ioctl = dlsym(RTLD_NEXT, "ioctl");
    *(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
    *(void **)&real_opendir = dlsym(RTLD_NEXT, "opendir");
    *(void **)&real_readdir64 = dlsym(RTLD_NEXT, "readdir64");
    *(void **)&real_closedir = dlsym(RTLD_NEXT, "closedir");
}

/* ---- what the test says ---- */

static const char *root(void)
{
    const char *dir = getenv("FAKECAM_DIR");
    return dir ? dir : ".";
}

static int node_number(void)
{
    const char *node = getenv("FAKECAM_NODE");
    return node ? atoi(node) : 42;
}

static int flag(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root(), name);
    return access(path, F_OK) == 0;
}

static FILE *config(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root(), name);
    return fopen(path, "re");
}

static uint32_t number(const char *name, uint32_t otherwise)
{
    unsigned value = otherwise;
    FILE *file = config(name);
    if (file) {
        if (fscanf(file, "%u", &value) != 1) value = otherwise;
        fclose(file);
    }
    return value;
}

static void camera_name(char *to, size_t size)
{
    FILE *file = config("name");
    snprintf(to, size, "Fake Camera");
    if (file) {
        if (fgets(to, (int)size, file)) to[strcspn(to, "\n")] = 0;
        fclose(file);
    }
}

static void load_modes(void)
{
    if (mode_count) return;
    FILE *file = config("modes");
    char four[5];
    unsigned width, height, fps;
    while (file && mode_count < MAX_MODES && fscanf(file, "%4s %u %u %u", four, &width, &height, &fps) == 4) {
        struct mode m = { v4l2_fourcc(four[0], four[1], four[2], four[3]), width, height, fps };
        modes[mode_count++] = m;
    }
    if (file) fclose(file);
    if (!mode_count) modes[mode_count++] = (struct mode){ V4L2_PIX_FMT_YUYV, 640, 480, 30 };
    current = modes[0];
    file = config("color");
    if (file) {
        unsigned space, quantization;
        if (fscanf(file, "%u %u", &space, &quantization) == 2) {
            raw_colorspace = space;
            raw_quantization = quantization;
        }
        fclose(file);
    }
}

static void load_frames(void)
{
    for (int i = 0; i < frame_count; i++) free(frames[i].data);
    frame_count = 0;
    char dir[4096], path[8192];
    snprintf(dir, sizeof dir, "%s/frames-%.4s-%ux%u", root(), (const char *)&current.fourcc, current.width,
             current.height);
    struct dirent **names;
    int found = scandir(dir, &names, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        free(names[i]);
        FILE *file = names[i] && frame_count < MAX_FRAMES ? fopen(path, "re") : NULL;
        struct stat info;
        if (file && fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode)) {
            struct blob b = { malloc((size_t)info.st_size), (size_t)info.st_size };
            if (b.data && fread(b.data, 1, b.size, file) == b.size) frames[frame_count++] = b;
        }
        if (file) fclose(file);
    }
    if (found >= 0) free(names);
}

/* ---- the device ---- */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static uint64_t due_ns(uint64_t n) { return first_ns + n * 1000000000ull / current.fps; }

static int fail(int error)
{
    errno = error;
    return -1;
}

static int handle_index(int fd)
{
    for (int i = 0; i < handle_count; i++)
        if (handles[i] == fd) return i;
    return -1;
}

static int is_camera(int fd)
{
    pthread_mutex_lock(&lock);
    int found = handle_index(fd) >= 0;
    pthread_mutex_unlock(&lock);
    return found;
}

static uint32_t image_size(const struct mode *m)
{
    return m->fourcc == V4L2_PIX_FMT_NV12 ? m->width * m->height * 3 / 2 : m->width * m->height * 2;
}

static void describe(struct v4l2_pix_format *f)
{
    int jpeg = current.fourcc == V4L2_PIX_FMT_MJPEG;
    memset(f, 0, sizeof *f);
    f->width = current.width;
    f->height = current.height;
    f->pixelformat = current.fourcc;
    f->field = V4L2_FIELD_NONE;
    f->bytesperline = jpeg ? 0 : current.fourcc == V4L2_PIX_FMT_NV12 ? current.width : current.width * 2;
    f->sizeimage = image_size(&current);
    f->colorspace = jpeg ? V4L2_COLORSPACE_JPEG : raw_colorspace;
    f->quantization = jpeg ? V4L2_QUANTIZATION_DEFAULT : raw_quantization;
}

/* As drivers do: the nearest mode of the asked format, or the first mode at all. */
static struct mode nearest(const struct v4l2_pix_format *want)
{
    struct mode best = modes[0];
    int64_t best_distance = INT64_MAX;
    for (int i = 0; i < mode_count; i++) {
        int64_t dx = (int64_t)modes[i].width - want->width, dy = (int64_t)modes[i].height - want->height;
        int64_t distance = dx * dx + dy * dy + (modes[i].fourcc == want->pixelformat ? 0 : INT64_MAX / 4);
        if (distance < best_distance) best = modes[i], best_distance = distance;
    }
    return best;
}

static int enum_format(struct v4l2_fmtdesc *d)
{
    uint32_t seen[MAX_MODES], count = 0;
    for (int i = 0; i < mode_count; i++) {
        uint32_t k = 0;
        while (k < count && seen[k] != modes[i].fourcc) k++;
        if (k == count) seen[count++] = modes[i].fourcc;
    }
    if (d->index >= count) return fail(EINVAL);
    d->pixelformat = seen[d->index];
    d->flags = d->pixelformat == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
    snprintf((char *)d->description, sizeof d->description, "%.4s", (const char *)&d->pixelformat);
    return 0;
}

static int enum_size(struct v4l2_frmsizeenum *d)
{
    uint32_t n = 0;
    for (int i = 0; i < mode_count; i++) {
        int again = 0;
        for (int k = 0; k < i; k++)
            again |= modes[k].fourcc == modes[i].fourcc && modes[k].width == modes[i].width &&
                     modes[k].height == modes[i].height;
        if (again || modes[i].fourcc != d->pixel_format || n++ != d->index) continue;
        d->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        d->discrete.width = modes[i].width;
        d->discrete.height = modes[i].height;
        return 0;
    }
    return fail(EINVAL);
}

static int enum_interval(struct v4l2_frmivalenum *d)
{
    uint32_t n = 0;
    for (int i = 0; i < mode_count; i++) {
        if (modes[i].fourcc != d->pixel_format || modes[i].width != d->width || modes[i].height != d->height ||
            n++ != d->index)
            continue;
        d->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        d->discrete.numerator = 1;
        d->discrete.denominator = modes[i].fps;
        return 0;
    }
    return fail(EINVAL);
}

static int set_format(int fd, struct v4l2_format *f, int really)
{
    if (f->type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return fail(EINVAL);
    struct mode kept = current, chosen = nearest(&f->fmt.pix);
    if (really && (flag("busy") || (owner >= 0 && buffer_count))) return fail(EBUSY);
    (void)fd;
    current = chosen;
    describe(&f->fmt.pix);
    if (!really) current = kept;
    return 0;
}

static int stream_parameters(struct v4l2_streamparm *s, int set)
{
    if (set && (flag("busy") || streaming)) return fail(EBUSY);
    struct v4l2_fract *want = &s->parm.capture.timeperframe;
    if (set && want->numerator) {
        uint32_t fps = want->denominator / want->numerator, best = current.fps, distance = UINT32_MAX;
        for (int i = 0; i < mode_count; i++) {
            uint32_t away = modes[i].fps > fps ? modes[i].fps - fps : fps - modes[i].fps;
            if (modes[i].fourcc == current.fourcc && modes[i].width == current.width &&
                modes[i].height == current.height && away < distance)
                best = modes[i].fps, distance = away;
        }
        current.fps = best;
    }
    memset(&s->parm.capture, 0, sizeof s->parm.capture);
    s->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    want->numerator = 1;
    want->denominator = current.fps;
    return 0;
}

static void drop_buffers(void)
{
    if (memory) munmap(memory, buffer_size * (size_t)buffer_count);
    memory = NULL;
    owner = -1;
    buffer_count = queued = streaming = 0;
}

static int request_buffers(int fd, struct v4l2_requestbuffers *r)
{
    if (r->memory != V4L2_MEMORY_MMAP) return fail(EINVAL);
    if (flag("busy") || (owner >= 0 && owner != fd)) return fail(EBUSY);
    drop_buffers();
    if (r->count == 0) return 0;
    if (r->count > MAX_BUFFERS) r->count = MAX_BUFFERS;
    buffer_size = (image_size(&current) + 4095u) & ~(size_t)4095u;
    if (ftruncate(fd, 0) || ftruncate(fd, (off_t)(buffer_size * r->count))) return fail(ENOMEM);
    memory = mmap(NULL, buffer_size * r->count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        memory = NULL;
        return fail(ENOMEM);
    }
    owner = fd;
    buffer_count = (int)r->count;
    return 0;
}

static int enqueue(int fd, struct v4l2_buffer *b)
{
    if (fd != owner || (int)b->index >= buffer_count) return fail(EINVAL);
    for (int i = 0; i < queued; i++)
        if (queue[i] == (int)b->index) return fail(EINVAL); /* as videobuf2: it is queued already */
    queue[queued++] = (int)b->index;
    return 0;
}

/* A frame missed because no buffer was queued in time is dropped, and the sequence number shows it. */
static void skip_missed(void)
{
    while (now_ns() > due_ns(sequence + 3)) sequence++;
}

static int dequeue(int fd, struct v4l2_buffer *b)
{
    if (fd != owner || !streaming) return fail(EINVAL);
    if (flag("stall") || !queued || now_ns() < due_ns(sequence)) return fail(EAGAIN);
    skip_missed();
    int index = queue[0];
    memmove(queue, queue + 1, sizeof queue[0] * (size_t)(--queued));
    uint8_t *to = memory + buffer_size * (size_t)index;
    size_t used = 0;
    if (frame_count) {
        const struct blob *from = &frames[sequence % (uint64_t)frame_count];
        used = from->size < buffer_size ? from->size : buffer_size;
        memcpy(to, from->data, used);
    }
    uint32_t every = number("corrupt", 0);
    if (every && sequence % every == every - 1) {
        used /= 2;
        for (size_t i = used / 4; i < used; i++) to[i] = (uint8_t)(i * 197 + sequence * 31);
    }
    uint64_t stamp = due_ns(sequence);
    b->index = (uint32_t)index;
    b->bytesused = (uint32_t)used;
    b->length = (uint32_t)buffer_size;
    b->field = V4L2_FIELD_NONE;
    b->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    b->sequence = (uint32_t)sequence;
    b->timestamp.tv_sec = (time_t)(stamp / 1000000000ull);
    b->timestamp.tv_usec = (suseconds_t)(stamp / 1000 % 1000000);
    sequence++;
    return 0;
}

static int start_stream(int fd)
{
    if (fd != owner) return fail(EINVAL);
    load_frames();
    streaming = 1;
    sequence = 0;
    first_ns = now_ns() + 1000000000ull / current.fps;
    return 0;
}

static int capability(struct v4l2_capability *c)
{
    memset(c, 0, sizeof *c);
    snprintf((char *)c->driver, sizeof c->driver, "uvcvideo");
    camera_name((char *)c->card, sizeof c->card);
    snprintf((char *)c->bus_info, sizeof c->bus_info, "usb-0000:00:14.0-%d", node_number());
    c->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int query_buffer(int fd, struct v4l2_buffer *b)
{
    if (fd != owner || (int)b->index >= buffer_count) return fail(EINVAL);
    b->length = (uint32_t)buffer_size;
    b->m.offset = (uint32_t)(buffer_size * b->index);
    return 0;
}

static int camera_ioctl(int fd, uint32_t request, void *argument)
{
    if (flag("unplug")) return fail(ENODEV);
    switch (request) {
    case (uint32_t)VIDIOC_QUERYCAP: return capability(argument);
    case (uint32_t)VIDIOC_ENUM_FMT: return enum_format(argument);
    case (uint32_t)VIDIOC_ENUM_FRAMESIZES: return enum_size(argument);
    case (uint32_t)VIDIOC_ENUM_FRAMEINTERVALS: return enum_interval(argument);
    case (uint32_t)VIDIOC_G_FMT: describe(&((struct v4l2_format *)argument)->fmt.pix); return 0;
    case (uint32_t)VIDIOC_TRY_FMT: return set_format(fd, argument, 0);
    case (uint32_t)VIDIOC_S_FMT: return set_format(fd, argument, 1);
    case (uint32_t)VIDIOC_G_PARM: return stream_parameters(argument, 0);
    case (uint32_t)VIDIOC_S_PARM: return stream_parameters(argument, 1);
    case (uint32_t)VIDIOC_REQBUFS: return request_buffers(fd, argument);
    case (uint32_t)VIDIOC_QUERYBUF: return query_buffer(fd, argument);
    case (uint32_t)VIDIOC_QBUF: return enqueue(fd, argument);
    case (uint32_t)VIDIOC_DQBUF: return dequeue(fd, argument);
    case (uint32_t)VIDIOC_STREAMON: return start_stream(fd);
    case (uint32_t)VIDIOC_STREAMOFF:
        if (fd == owner) streaming = 0, queued = 0;
        return 0;
    default: return fail(ENOTTY);
    }
}

static int locked_ioctl(int fd, unsigned long request, void *argument)
{
    pthread_mutex_lock(&lock);
    int result = camera_ioctl(fd, (uint32_t)request, argument);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static int open_node(int flags)
{
    if (flag("unplug")) return fail(ENOENT);
    int fd = memfd_create("fakecam", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
    if (fd < 0) return -1;
    pthread_mutex_lock(&lock);
    load_modes();
    int full = handle_count == MAX_HANDLES;
    if (!full) handles[handle_count++] = fd;
    pthread_mutex_unlock(&lock);
    if (full) {
        real_close(fd);
        return fail(EMFILE);
    }
    return fd;
}

/* The one file in /sys that says what the device is called. */
static int open_name(void)
{
    char name[64];
    if (flag("unplug")) return fail(ENOENT);
    camera_name(name, sizeof name);
    int fd = memfd_create("fakecam-name", MFD_CLOEXEC);
    if (fd >= 0 && (dprintf(fd, "%s\n", name) < 0 || lseek(fd, 0, SEEK_SET) < 0)) return fail(EIO);
    return fd;
}

/* ---- what libc's callers see ---- */

static int opened(const char *path, int flags, mode_t permissions)
{
    char node[64], name[96];
    resolve();
    snprintf(node, sizeof node, "/dev/video%d", node_number());
    snprintf(name, sizeof name, "/sys/class/video4linux/video%d/name", node_number());
    if (path && !strcmp(path, node)) return open_node(flags);
    if (path && !strcmp(path, name)) return open_name();
    return real_open(path, flags, permissions);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t permissions = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, permissions);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t permissions = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, permissions);
}

int close(int fd)
{
    resolve();
    pthread_mutex_lock(&lock);
    int index = handle_index(fd);
    if (index >= 0) {
        if (fd == owner) drop_buffers();
        handles[index] = handles[--handle_count];
    }
    pthread_mutex_unlock(&lock);
    return real_close(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    resolve();
    return is_camera(fd) ? locked_ioctl(fd, request, argument) : real_ioctl(fd, request, argument);
}

long syscall(long number, ...)
{
    long a[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    resolve();
    if (number == SYS_ioctl && is_camera((int)a[0]))
        return locked_ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
    return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static short readiness(int fd)
{
    if (flag("unplug")) return POLLERR | POLLHUP;
    if (flag("stall")) return 0;
    pthread_mutex_lock(&lock);
    short events = fd != owner || !streaming ? POLLERR : queued && now_ns() >= due_ns(sequence) ? POLLIN : 0;
    pthread_mutex_unlock(&lock);
    return events;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    resolve();
    if (count != 1 || !is_camera(fds->fd)) return real_poll(fds, count, timeout);
    for (uint64_t since = now_ns();;) {
        fds->revents = readiness(fds->fd);
        if (fds->revents) return 1;
        if (timeout >= 0 && now_ns() - since >= (uint64_t)timeout * 1000000ull) return 0;
        usleep(1000);
    }
}

DIR *opendir(const char *path)
{
    resolve();
    DIR *dir = real_opendir(path);
    if (dir && !strcmp(path, "/dev")) dev_dir = dir, dev_listed = 0;
    return dir;
}

struct dirent64 *readdir64(DIR *dir)
{
    static struct dirent64 entry;
    resolve();
    struct dirent64 *next = real_readdir64(dir);
    if (next || dir != dev_dir || dev_listed++ || flag("unplug")) return next;
    memset(&entry, 0, sizeof entry);
    entry.d_ino = 1;
    entry.d_type = DT_CHR;
    entry.d_reclen = sizeof entry;
    snprintf(entry.d_name, sizeof entry.d_name, "video%d", node_number());
    return &entry;
}

int closedir(DIR *dir)
{
    resolve();
    if (dir == dev_dir) dev_dir = NULL;
    return real_closedir(dir);
}
