import java.io.FileReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * One Kafka broker that is its own controller: {@code java KafkaNode FOLDER}, with FOLDER/server.properties.
 * Formats its storage in the same JVM, which saves the start of a second one, and says READY when it serves.
 */
public final class KafkaNode {
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        OrphanWatch.start(folder);

        var properties = new Properties();
        try (var reader = new FileReader(folder.resolve("server.properties").toFile())) {
            properties.load(reader);
        }
        format(properties);

        var server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        server.startup();
        System.out.println("READY version=" + AppInfoParser.getVersion());
        server.awaitShutdown();
    }

    private static void format(Properties properties) throws Exception {
        String logs = properties.getProperty("log.dirs");
        if (Files.exists(Path.of(logs, "meta.properties"))) {
            return; // the node comes back to its data
        }
        new Formatter()
            .setClusterId(Uuid.randomUuid().toString())
            .setNodeId(Integer.parseInt(properties.getProperty("node.id")))
            .setControllerListenerName(properties.getProperty("controller.listener.names"))
            .addDirectory(logs)
            .setMetadataLogDirectory(logs)
            .setPrintStream(System.out)
            .run();
    }
}
