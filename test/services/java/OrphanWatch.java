import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/**
 * Ends this JVM when the process that started it is gone, however it went: its end of our standard input then
 * closes, which no signal handler is needed for. Nobody is left to tidy up, so the server's folder goes as well.
 */
final class OrphanWatch {
    static void start(Path folder) {
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() >= 0) { }
            } catch (IOException closed) {
                // the same as the end of input
            }
            delete(folder);
            Runtime.getRuntime().halt(3);
        }, "orphan-watch");
        watch.setDaemon(true);
        watch.start();
    }

    /** The server is still writing, so files may come and go meanwhile: what cannot be deleted stays. */
    private static void delete(Path folder) {
        try (var all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException | java.io.UncheckedIOException vanished) {
            // see above
        }
    }
}
