import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
            // The server is still writing: a file that is made meanwhile is met at the next try.
            for (int i = 0; i < 5 && Files.exists(folder); i++) {
                delete(folder.toFile());
            }
            Runtime.getRuntime().halt(3);
        }, "orphan-watch");
        watch.setDaemon(true);
        watch.start();
    }

    private static void delete(File file) {
        File[] inside = file.listFiles();
        if (inside != null) {
            for (File each : inside) {
                delete(each);
            }
        }
        file.delete();
    }
}
