/* load: sends one message again and again over SMTP, and reports as JSON how fast and how evenly it was accepted.
 *
 * One blocking thread a connection: cheaper for the machine than any server under test, so that the server is what is
 * measured. The message comes from a file with CRLF line ends. Where it says BENCH-0000000000, each copy carries a
 * number of its own. SIGTERM ends the run early: messages that were begun are finished, then the report comes.
 *
 *     cc -O2 -pthread load.c -o load && ./load --port 1025 --file message.eml --messages 1000 --connections 10
 *
 * Latency is the time from MAIL, or from the connection attempt with --new-connections, to the 250 that acknowledges.
 * With --rate, messages are due at an even pace and latency begins when they are: a server that is late is not waited for.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MARK "BENCH-"
#define MARKED "BENCH-0000000000"
#define DIGITS 10
#define ANSWER_SECONDS 120 /* a server that says nothing for so long has failed */

static struct {
    int port, connections;
    long messages;
    double rate; /* messages a second; 0: as fast as the server takes them */
    const char *file;
    bool new_connections, pipelining, bdat;
} options = {.connections = 10, .messages = 1000};

/* What goes over the wire: the bytes before the number, the number, the bytes behind it. */
static struct {
    char *bytes;
    size_t length, number_at;
    bool numbered;
} message;

struct connection {
    int fd;
    size_t received;
    char input[8192];
    char last_line[256];
};

static atomic_long begun, acknowledged, errors;
static atomic_flag error_noted = ATOMIC_FLAG_INIT;
static char first_error[256];
static double *latencies; /* seconds, in order of acknowledgement */
static double first_due; /* seconds */
static volatile sig_atomic_t stopped;
static pthread_barrier_t ready;

static void fail(const char *what) {
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* --- Bytes in and out ---------------------------------------------------------------------------------------- */

static bool send_pieces(int fd, struct iovec *pieces, int count) {
    while (count > 0) {
        struct msghdr header = {.msg_iov = pieces, .msg_iovlen = count};
        ssize_t sent = sendmsg(fd, &header, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        for (; count > 0 && (size_t)sent >= pieces->iov_len; pieces++, count--) sent -= pieces->iov_len;
        if (count > 0) {
            pieces->iov_base = (char *)pieces->iov_base + sent;
            pieces->iov_len -= sent;
        }
    }
    return true;
}

static bool send_text(int fd, const char *text) {
    struct iovec piece = {(char *)text, strlen(text)};
    return send_pieces(fd, &piece, 1);
}

/* Send `before` (commands; may be empty) and one copy of the message with its number. */
static bool send_message(int fd, const char *before, long number) {
    char digits[32];
    size_t behind = message.number_at + (message.numbered ? DIGITS : 0);
    snprintf(digits, sizeof digits, "%0*ld", DIGITS, number);
    struct iovec pieces[] = {
        {(char *)before, strlen(before)},
        {message.bytes, message.number_at},
        {digits, message.numbered ? DIGITS : 0},
        {message.bytes + behind, message.length - behind},
    };
    return send_pieces(fd, pieces, 4);
}

/* Read one reply, all of its lines; its code, or -1 when the connection is gone. */
static int read_reply(struct connection *peer) {
    for (;;) {
        char *end = memchr(peer->input, '\n', peer->received);
        if (end == NULL) {
            if (peer->received == sizeof peer->input) return -1;
            ssize_t more = recv(peer->fd, peer->input + peer->received, sizeof peer->input - peer->received, 0);
            if (more < 0 && errno == EINTR) continue;
            if (more <= 0) return -1;
            peer->received += more;
            continue;
        }
        size_t length = end + 1 - peer->input;
        bool last = length < 4 || peer->input[3] != '-';
        snprintf(peer->last_line, sizeof peer->last_line, "%.*s", (int)length, peer->input);
        peer->received -= length;
        memmove(peer->input, end + 1, peer->received);
        if (last) return atoi(peer->last_line);
    }
}

static bool expect(struct connection *peer, int code) {
    return read_reply(peer) == code;
}

/* --- The dialogue -------------------------------------------------------------------------------------------- */

static void hang_up(struct connection *peer) {
    if (peer->fd >= 0) close(peer->fd);
    peer->fd = -1;
}

static bool open_session(struct connection *peer) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->received = 0;
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->fd < 0) return false;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return connect(peer->fd, (struct sockaddr *)&address, sizeof address) == 0 && expect(peer, 220) &&
           send_text(peer->fd, "EHLO app.example.com\r\n") && expect(peer, 250);
}

static void end_session(struct connection *peer) {
    if (peer->fd >= 0 && send_text(peer->fd, "QUIT\r\n")) read_reply(peer);
    hang_up(peer);
}

#define MAIL "MAIL FROM:<orders@shop.example.com>\r\n"
#define RCPT "RCPT TO:<ada@customer.example.org>\r\n"

static bool transact(struct connection *peer, long number) {
    char commands[256] = "";
    if (options.bdat) snprintf(commands, sizeof commands, "BDAT %zu LAST\r\n", message.length);
    if (options.pipelining && options.bdat) {
        char all[512];
        snprintf(all, sizeof all, MAIL RCPT "%s", commands);
        return send_message(peer->fd, all, number) && expect(peer, 250) && expect(peer, 250) && expect(peer, 250);
    }
    if (options.pipelining) {
        /* DATA ends a group: the text waits for its 354 (RFC 2920 section 3.1). */
        if (!send_text(peer->fd, MAIL RCPT "DATA\r\n") || !expect(peer, 250) || !expect(peer, 250)) return false;
        if (!expect(peer, 354)) return false;
    } else {
        if (!send_text(peer->fd, MAIL) || !expect(peer, 250)) return false;
        if (!send_text(peer->fd, RCPT) || !expect(peer, 250)) return false;
        if (!options.bdat && (!send_text(peer->fd, "DATA\r\n") || !expect(peer, 354))) return false;
    }
    /* A server may refuse and hang up before it has everything: its answer is read all the same. */
    send_message(peer->fd, commands, number);
    return expect(peer, 250);
}

static void note_error(const struct connection *peer) {
    atomic_fetch_add(&errors, 1);
    if (atomic_flag_test_and_set(&error_noted)) return;
    snprintf(first_error, sizeof first_error, "%s", peer->last_line[0] ? peer->last_line : "no answer");
    for (char *c = first_error; *c; c++) {
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = ' ';
    }
}

/* Wait until a message of this number is due; that moment. */
static double wait_for_turn(long number) {
    if (options.rate <= 0) return seconds();
    double due = first_due + number / options.rate;
    struct timespec until = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (time_t)due) * 1e9)};
    while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
    return due;
}

static void *send_messages(void *unused) {
    struct connection peer = {.fd = -1};
    long number;
    (void)unused;
    if (!options.new_connections && !open_session(&peer)) hang_up(&peer);
    pthread_barrier_wait(&ready);
    while (!stopped && (number = atomic_fetch_add(&begun, 1)) < options.messages) {
        double start = wait_for_turn(number);
        peer.last_line[0] = 0;
        bool sent = (peer.fd >= 0 || open_session(&peer)) && transact(&peer, number);
        if (sent) {
            latencies[atomic_fetch_add(&acknowledged, 1)] = seconds() - start;
            if (options.new_connections) end_session(&peer);
        } else {
            note_error(&peer);
            hang_up(&peer);
        }
    }
    end_session(&peer);
    return NULL;
}

/* --- Message and report -------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END)) fail(path);
    *length = ftell(file);
    rewind(file);
    char *bytes = malloc(*length + 1);
    if (bytes == NULL || fread(bytes, 1, *length, file) != *length) fail(path);
    fclose(file);
    return bytes;
}

/* Double the dots at the beginning of lines and end with a lone one (RFC 5321 section 4.5.2). */
static char *stuff(const char *raw, size_t length, size_t *stuffed_length) {
    char *stuffed = malloc(2 * length + 5), *to = stuffed;
    bool line_begins = true;
    if (stuffed == NULL) fail("no memory");
    for (size_t i = 0; i < length; i++) {
        if (line_begins && raw[i] == '.') *to++ = '.';
        *to++ = raw[i];
        line_begins = raw[i] == '\n';
    }
    if (!line_begins) to = mempcpy(to, "\r\n", 2);
    to = mempcpy(to, ".\r\n", 3);
    *stuffed_length = to - stuffed;
    return stuffed;
}

static void prepare_message(void) {
    size_t length;
    char *raw = read_file(options.file, &length);
    message.bytes = raw;
    message.length = length;
    if (!options.bdat) {
        message.bytes = stuff(raw, length, &message.length);
        free(raw);
    }
    char *mark = memmem(message.bytes, message.length, MARKED, strlen(MARKED));
    message.numbered = mark != NULL;
    message.number_at = mark ? (size_t)(mark - message.bytes) + strlen(MARK) : 0;
}

static int ascending(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double milliseconds(double share) {
    long count = acknowledged;
    return count ? latencies[(long)((count - 1) * share)] * 1e3 : 0;
}

static void report(double duration) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    qsort(latencies, acknowledged, sizeof *latencies, ascending);
    printf("{\"acknowledged\": %ld, \"errors\": %ld, \"first_error\": \"%s\", \"seconds\": %.4f, \"rate\": %.1f, ",
           (long)acknowledged, (long)errors, first_error, duration, acknowledged / duration);
    printf("\"generator_cpu\": %.4f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n", cpu,
           milliseconds(0.50), milliseconds(0.95), milliseconds(0.99), milliseconds(1));
}

static void run(void) {
    pthread_t *threads = calloc(options.connections, sizeof *threads);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 << 10);
    pthread_barrier_init(&ready, NULL, options.connections + 1);
    for (int i = 0; i < options.connections; i++) {
        if ((errno = pthread_create(&threads[i], &small, send_messages, NULL))) fail("no thread");
    }
    double start = first_due = seconds();
    pthread_barrier_wait(&ready);
    for (int i = 0; i < options.connections; i++) pthread_join(threads[i], NULL);
    report(seconds() - start);
    free(threads);
}

static void stop(int number) {
    (void)number;
    stopped = 1;
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},        {"connections", required_argument, NULL, 'c'},
        {"messages", required_argument, NULL, 'n'},    {"file", required_argument, NULL, 'f'},
        {"new-connections", no_argument, NULL, 'N'},   {"pipelining", no_argument, NULL, 'P'},
        {"bdat", no_argument, NULL, 'B'},              {"rate", required_argument, NULL, 'r'},
        {0},
    };
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
            case 'p': options.port = atoi(optarg); break;
            case 'c': options.connections = atoi(optarg); break;
            case 'n': options.messages = atol(optarg); break;
            case 'f': options.file = optarg; break;
            case 'N': options.new_connections = true; break;
            case 'P': options.pipelining = true; break;
            case 'r': options.rate = atof(optarg); break;
            case 'B': options.bdat = true; break;
            default: exit(2);
        }
    }
    if (!options.port || !options.file || options.connections < 1 || options.messages < 1) fail("needs --port and --file");
}

int main(int count, char **words) {
    struct sigaction on_stop = {.sa_handler = stop, .sa_flags = SA_RESTART};
    read_options(count, words);
    prepare_message();
    latencies = calloc(options.messages, sizeof *latencies);
    if (latencies == NULL) fail("no memory");
    sigaction(SIGTERM, &on_stop, NULL);
    run();
    return 0;
}
